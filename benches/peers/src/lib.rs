//! Whom the guard is compared with, and on what.

pub mod caches;
pub mod compare;
mod least;
pub mod load;
pub mod subjects;
pub mod svg;
pub mod tokens;
