//! Documents that belong to somebody: scopes, owners, hidden resources, a guard on a whole module.
//!
//! ```text
//! cargo run -p auth-examples --bin documents
//! ```
//!
//! The README beside this file lists what to ask and what is answered.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Responder, get, web};
use auth_examples::{DAY, listen, url};
use auth_runtime::{Auth, Denied, Identity, Resource, Role, Scope, authorize, testing::TestIssuer};
use serde::{Deserialize, Serialize};

/// The roles of this application.
#[derive(Role, Clone, Copy)]
pub enum Role {
    /// May do anything.
    Admin,
    /// May see how the store is doing.
    Auditor,
}

/// The scopes of this application's tokens.
#[derive(Scope, Clone, Copy)]
pub enum Scope {
    /// Read documents.
    #[scope(rename = "docs:read")]
    Read,
    /// Write documents.
    #[scope(rename = "docs:write")]
    Write,
}

/// A document.
#[derive(Clone, Serialize, Deserialize)]
pub struct Document {
    owner: String,
    text: String,
}

/// All documents.
#[derive(Default)]
pub struct Store(Mutex<BTreeMap<u32, Document>>);

impl Store {
    fn documents(&self) -> MutexGuard<'_, BTreeMap<u32, Document>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resource for Document {
    type Id = u32;
    type Error = actix_web::Error;
    const DENIED: Denied = Denied::NotFound;

    async fn load(id: u32, request: &HttpRequest) -> Result<Option<Self>, actix_web::Error> {
        let store = request.app_data::<web::Data<Store>>();
        Ok(store.and_then(|store| store.documents().get(&id).cloned()))
    }

    fn permits(&self, identity: &Identity) -> bool {
        self.owner == identity.subject() || identity.has_role(Role::Admin)
    }
}

/// Every handler in here needs an authenticated caller, whatever else it needs.
#[auth_runtime::require_auth]
#[actix_web::scope("/documents")]
mod documents {
    use actix_web::{HttpResponse, Responder, delete, get, post, web};
    use auth_runtime::{Identity, Owned, authorize, public, require_scope};

    use super::{Document, Scope, Store};

    /// Lists the caller's documents.
    #[require_scope(Scope::Read)]
    #[get("")]
    pub async fn list(store: web::Data<Store>, identity: Identity) -> impl Responder {
        let documents = store.documents();
        let own = documents.iter().filter(|(_, document)| document.owner == identity.subject());
        web::Json(own.map(|(id, _)| *id).collect::<Vec<u32>>())
    }

    /// Shows a document. Somebody else's is as if it were not there.
    #[require_scope(Scope::Read)]
    #[get("/{id}")]
    pub async fn read(document: Owned<Document>) -> impl Responder {
        document.text.clone()
    }

    /// Adds a document, for oneself only.
    #[authorize(scope(Scope::Write) && when(document.owner == identity.subject()))]
    #[post("")]
    pub async fn add(store: web::Data<Store>, document: web::Json<Document>) -> impl Responder {
        let mut documents = store.documents();
        let id = documents.keys().last().map_or(1, |last| last + 1);
        documents.insert(id, document.into_inner());
        HttpResponse::Created().body(id.to_string())
    }

    /// Removes a document, shortly after the caller has logged in.
    #[authorize(scope(Scope::Write) && max_age("5m"))]
    #[delete("/{id}")]
    pub async fn remove(
        id: web::Path<u32>,
        store: web::Data<Store>,
        document: Owned<Document>,
    ) -> impl Responder {
        drop(document);
        store.documents().remove(&id);
        HttpResponse::NoContent()
    }

    /// Says what this is.
    #[public]
    #[get("/about/this")]
    pub async fn about() -> impl Responder {
        "documents that belong to somebody"
    }
}

/// Who is not an admin does not learn that there is anything in here.
#[auth_runtime::require_role(Role::Admin, deny = not_found)]
mod admin {
    use actix_web::{Responder, get, web};

    use super::{Role, Store};

    /// Counts all documents.
    #[get("/admin/count")]
    pub async fn count(store: web::Data<Store>) -> impl Responder {
        store.documents().len().to_string()
    }
}

/// Shows how much somebody has written: to admins and auditors, and to themselves.
#[authorize(role(any(Role::Admin, Role::Auditor)) || (scope(Scope::Read) && owner("user")))]
#[get("/users/{user}/usage")]
async fn usage(user: web::Path<String>, store: web::Data<Store>) -> impl Responder {
    let documents = store.documents();
    let own = documents.values().filter(|document| document.owner == *user);
    own.map(|document| document.text.len()).sum::<usize>().to_string()
}

/// What is answered for an unknown path, and for everything that is hidden.
async fn not_found(_: HttpRequest) -> impl Responder {
    HttpResponse::NotFound().body("there is nothing here")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = listen("Documents that belong to somebody; see the README beside the source.");
    let issuer = TestIssuer::new();
    let auth = Auth::builder().issuer(issuer.issuer()).not_found(not_found).build()?;

    let token = |subject: &str| issuer.token(subject).expires_in(DAY);
    let ann = || token("ann").scope("docs:read");
    println!("Paste these lines, then those of the README:\n");
    println!("export URL={}", url(&listener));
    println!("export ANN={}", ann().scope("docs:write").mint());
    println!("export ANN_READS={}", ann().mint());
    println!("export ANN_JUST_NOW={}", ann().scope("docs:write").just_authenticated().mint());
    println!("export BOB={}", token("bob").scope("docs:read").scope("docs:write").mint());
    println!("export EVE={}", token("eve").role("auditor").mint());
    println!("export ROOT={}", token("root").role("admin").scope("docs:read").mint());
    println!();

    let store = web::Data::new(Store::default());
    store.documents().insert(7, Document { owner: "ann".to_owned(), text: "hello".to_owned() });
    HttpServer::new(move || {
        App::new()
            .app_data(auth.clone())
            .app_data(store.clone())
            .service((
                // What stands first is tried first.
                documents::about,
                documents::list,
                documents::read,
                documents::add,
                documents::remove,
            ))
            .service((admin::count, usage))
            .default_service(web::to(not_found))
    })
    .workers(1)
    .listen(listener)?
    .run()
    .await?;
    Ok(())
}
