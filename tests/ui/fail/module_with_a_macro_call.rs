//! What a macro makes cannot be seen.

use auth_runtime::require_role;

macro_rules! handlers {
    ($($name:ident)*) => {$(
        #[actix_web::get("/x")]
        pub async fn $name() -> &'static str {
            "x"
        }
    )*};
}
pub(crate) use handlers;

#[require_role("admin")]
mod api {
    thread_local! {
        static FINE: u8 = const { 7 };
    }

    macro_rules! fine {
        () => {
            7
        };
    }

    #[actix_web::get("/x")]
    async fn handler() -> String {
        println!("{}", fine!());
        format!("{:?}", vec![FINE.with(|fine| *fine)])
    }

    crate::handlers! { one two }

    struct Api;

    impl Api {
        handlers!();
    }

    mod deeper {
        crate::handlers!(three);
    }
}

fn main() {}
