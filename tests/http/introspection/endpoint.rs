//! An introspection endpoint on the loopback interface that says of each token what a test wants, and takes notes.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    rt::time::sleep,
    web,
};
use auth_runtime::Introspection;
use futures_util::stream;
use serde_json::{Value, json};

use crate::server::Server;

pub(super) const ISSUER: &str = "https://id.example.com/";

/// Far enough away for every test that leaves the clock alone.
pub(super) const LATER: u64 = 4_000_000_000;

/// What the endpoint does.
#[derive(Clone)]
pub(crate) enum Say {
    Json(Value),
    Status(u16),
    /// With `Retry-After`.
    Later(u16, &'static str),
    Raw(&'static str, Vec<u8>),
    Redirect(u16, String),
    Late(Duration, Value),
    /// One byte at a time, for a minute.
    Trickle,
    Hang,
}

/// What the endpoint was sent.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) path: String,
    pub(super) authorization: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) accept: Option<String>,
    pub(super) form: String,
}

pub(crate) struct Endpoint {
    server: Server,
    questions: Arc<Mutex<Vec<Question>>>,
}

impl Endpoint {
    /// Answers about each token as `say` says.
    pub(crate) fn start(say: impl Fn(&str) -> Say + Clone + Send + 'static) -> Self {
        let questions = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&questions);
        let server = Server::start(move |config| {
            let (notes, say) = (Arc::clone(&notes), say.clone());
            config.default_service(web::to(move |request: HttpRequest, form: String| {
                let question = Question::of(&request, form);
                let said = say(&question.token());
                notes.lock().unwrap().push(question);
                answer(said)
            }));
        });
        Self { server, questions }
    }

    /// Says the same of every token.
    pub(super) fn always(said: Say) -> Self {
        Self::start(move |_| said.clone())
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/introspect", self.server.address())
    }

    /// How the application asks it, for tokens of the audience `api`.
    pub(crate) fn introspection(&self) -> Introspection {
        Introspection::new(self.url())
            .client_secret_basic("api", "hush")
            .issuer(ISSUER)
            .audience("api")
    }

    pub(super) fn questions(&self) -> Vec<Question> {
        self.questions.lock().unwrap().clone()
    }

    /// How often it was asked.
    pub(super) fn asked(&self) -> usize {
        self.questions.lock().unwrap().len()
    }
}

impl Question {
    fn of(request: &HttpRequest, form: String) -> Self {
        let text = |name| Some(request.headers().get(name)?.to_str().unwrap().to_owned());
        Self {
            path: request.path().to_owned(),
            authorization: text(header::AUTHORIZATION),
            content_type: text(header::CONTENT_TYPE),
            accept: text(header::ACCEPT),
            form,
        }
    }

    fn token(&self) -> String {
        let form = web::Query::<Vec<(String, String)>>::from_query(&self.form).unwrap();
        form.iter()
            .find(|(name, _)| name == "token")
            .map(|(_, token)| token.clone())
            .unwrap_or_default()
    }
}

async fn answer(said: Say) -> HttpResponse {
    match said {
        Say::Json(answer) => HttpResponse::Ok().json(answer),
        Say::Status(status) => HttpResponse::build(StatusCode::from_u16(status).unwrap())
            .json(json!({"error": "invalid_client"})),
        Say::Later(status, when) => HttpResponse::build(StatusCode::from_u16(status).unwrap())
            .insert_header((header::RETRY_AFTER, when))
            .finish(),
        Say::Raw(content_type, body) => HttpResponse::Ok().content_type(content_type).body(body),
        Say::Redirect(status, to) => HttpResponse::build(StatusCode::from_u16(status).unwrap())
            .insert_header((header::LOCATION, to))
            .finish(),
        Say::Late(time, answer) => {
            sleep(time).await;
            HttpResponse::Ok().json(answer)
        }
        Say::Trickle => {
            let body = stream::unfold(0, |sent| async move {
                sleep(Duration::from_millis(20)).await;
                (sent < 3_000)
                    .then(|| (Ok::<_, actix_web::Error>(web::Bytes::from_static(b" ")), sent + 1))
            });
            HttpResponse::Ok().content_type("application/json").streaming(body)
        }
        Say::Hang => {
            sleep(Duration::from_secs(60)).await;
            HttpResponse::Ok().finish()
        }
    }
}

/// What is said of a good token of `subject`, with the role of that name.
pub(super) fn active(subject: &str) -> Value {
    json!({
        "active": true,
        "iss": ISSUER,
        "aud": "api",
        "sub": subject,
        "exp": LATER,
        "client_id": "spa",
        "token_type": "Bearer",
        "scope": "docs:read docs:write",
        "roles": [subject],
    })
}

/// The same with one member changed.
pub(super) fn active_with(member: &str, value: Value) -> Value {
    let mut answer = active("ann");
    answer[member] = value;
    answer
}

/// The same with one member missing.
pub(super) fn active_without(member: &str) -> Value {
    let mut answer = active("ann");
    answer.as_object_mut().unwrap().remove(member);
    answer
}

/// Every token is its subject's name, except the unknown ones.
pub(crate) fn by_name(token: &str) -> Say {
    match token {
        "user" | "admin" | "ann" | "bob" => Say::Json(active(token)),
        _ => Say::Json(json!({"active": false})),
    }
}
