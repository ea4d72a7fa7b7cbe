//! Writes random expressions of the attribute language into `expressions.rs`, each as a guarded handler and, word for
//! word, as plain Rust. The seed is fixed: the same tests every time.

use std::{env, fmt::Write as _, fs, path::PathBuf};

const HANDLERS: usize = 240;

/// What the expressions ask. The index is the leaf's bit.
const LEAVES: [&str; 9] = [
    "role(\"a\")",
    "role(\"b\")",
    "scope(\"r\")",
    "owner(\"user\")",
    "when(number < 3)",
    "when(flag)",
    "check(ready)",
    "check(later)",
    "authenticated()",
];
/// `authenticated()` is true of every caller who is.
const ALWAYS: usize = 8;

enum Tree {
    Leaf(usize),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
}

impl Tree {
    fn random(random: &mut Random, depth: u32) -> Self {
        let both = |random: &mut Random| {
            (Box::new(Self::random(random, depth - 1)), Box::new(Self::random(random, depth - 1)))
        };
        match if depth == 0 { 0 } else { random.below(8) } {
            0 | 1 => Self::Leaf(random.below(LEAVES.len())),
            2..=4 => {
                let (left, right) = both(random);
                Self::And(left, right)
            }
            5 | 6 => {
                let (left, right) = both(random);
                Self::Or(left, right)
            }
            _ => Self::Not(Box::new(Self::random(random, depth - 1))),
        }
    }

    fn holds(&self, world: u32) -> bool {
        match self {
            Self::Leaf(leaf) => *leaf == ALWAYS || world >> leaf & 1 == 1,
            Self::And(left, right) => left.holds(world) && right.holds(world),
            Self::Or(left, right) => left.holds(world) || right.holds(world),
            Self::Not(tree) => !tree.holds(world),
        }
    }

    /// The operands of a chain of one operator, whatever the parentheses; the same text for the same meaning.
    fn meanings(&self, and: bool) -> Vec<String> {
        match (self, and) {
            (Self::And(left, right), true) | (Self::Or(left, right), false) => {
                [left.meanings(and), right.meanings(and)].concat()
            }
            _ => vec![self.meaning()],
        }
    }

    fn meaning(&self) -> String {
        let chain = |word: &str, and| {
            let mut meanings = self.meanings(and);
            meanings.sort();
            format!("{word}({})", meanings.join(","))
        };
        match self {
            Self::Leaf(leaf) => leaf.to_string(),
            Self::Not(tree) => format!("not({})", tree.meaning()),
            Self::And(..) => chain("all", true),
            Self::Or(..) => chain("any", false),
        }
    }

    /// The macro refuses what is asked twice in one chain; so that is left out.
    fn repeats_itself(&self) -> bool {
        let mut meanings = self.meanings(matches!(self, Self::And(..)));
        let all = meanings.len();
        meanings.sort();
        meanings.dedup();
        let inside = match self {
            Self::Leaf(_) => false,
            Self::And(left, right) | Self::Or(left, right) => {
                left.repeats_itself() || right.repeats_itself()
            }
            Self::Not(tree) => tree.repeats_itself(),
        };
        meanings.len() < all || inside
    }

    /// The macro refuses what is always so or never so, in any part; so that is left out.
    fn is_contingent(&self) -> bool {
        let varies = |tree: &Self| {
            let first = tree.holds(0);
            (1..1 << ALWAYS).any(|world| tree.holds(world) != first)
        };
        match self {
            Self::Leaf(_) => true,
            Self::And(left, right) | Self::Or(left, right) => {
                left.is_contingent() && right.is_contingent() && varies(self)
            }
            Self::Not(tree) => tree.is_contingent() && varies(self),
        }
    }

    /// Parentheses only where they are needed, and now and then where they are not.
    fn write(&self, random: &mut Random, precedence: u8) -> String {
        let (own, text) = match self {
            Self::Leaf(leaf) => (3, LEAVES[*leaf].to_owned()),
            Self::Not(tree) => (2, format!("!{}", tree.write(random, 2))),
            Self::And(left, right) => {
                (1, format!("{} && {}", left.write(random, 1), right.write(random, 2)))
            }
            Self::Or(left, right) => {
                (0, format!("{} || {}", left.write(random, 0), right.write(random, 1)))
            }
        };
        if own < precedence || random.below(8) == 0 { format!("({text})") } else { text }
    }
}

/// A linear congruential generator (Knuth, MMIX).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % end
    }
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let mut random = Random(2_026);
    let mut source = String::new();
    let mut table = String::new();
    let mut index = 0;
    while index < HANDLERS {
        let tree = Tree::random(&mut random, 4);
        if matches!(tree, Tree::Leaf(_)) || tree.repeats_itself() || !tree.is_contingent() {
            continue;
        }
        let expression = tree.write(&mut random, 0);
        writeln!(
            source,
            "#[authorize({expression})]\nasync fn handler_{index}(web::Query(Arguments {{ number, flag }}): web::Query<Arguments>) -> impl Responder {{ format!(\"{{number}} {{flag}}\") }}\n\
             fn expected_{index}(role: &Ask, scope: &Ask, owner: &Ask, number: u32, flag: bool, ready: bool, later: bool) -> bool {{ {expression} }}\n"
        )
        .expect("a String takes everything");
        writeln!(table, "    Case {{ text: {expression:?}, route: || web::get().to(handler_{index}), expected: expected_{index} }},")
            .expect("a String takes everything");
        index += 1;
    }
    writeln!(source, "const CASES: &[Case] = &[\n{table}];").expect("a String takes everything");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("expressions.rs"), source).expect("OUT_DIR can be written to");
}
