//! What a reader's browser does, as a program: signs in, asks, answers.

use std::net::SocketAddr;

use rating::Problem;
use serde_json::Value;
use ureq::Agent;
use ureq::http::Response;
use ureq::{Body, http};

use crate::failure::Failure;

/// A browser that has signed in.
pub struct Browser {
    agent: Agent,
    base: String,
    cookie: String,
    csrf: String,
}

impl Browser {
    /// Opens a one-time link with a new password.
    pub fn join(address: SocketAddr, word: &str, password: &str) -> Result<Browser, Failure> {
        Browser::enter(
            address,
            &format!("/join/{word}"),
            &[("password", password), ("again", password)],
        )
    }

    /// Signs in.
    pub fn sign_in(address: SocketAddr, name: &str, password: &str) -> Result<Browser, Failure> {
        Browser::enter(address, "/sign-in", &[("name", name), ("password", password)])
    }

    fn enter(address: SocketAddr, path: &str, fields: &[(&str, &str)]) -> Result<Browser, Failure> {
        let agent: Agent =
            Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let base = format!("http://{address}");
        let form = fields.iter().copied();
        let response = agent.post(format!("{base}{path}")).send_form(form).map_err(lost)?;
        let cookie = response.headers().get(http::header::SET_COOKIE);
        let cookie =
            cookie.and_then(|value| value.to_str().ok()).and_then(|text| text.split(';').next());
        let cookie = cookie.ok_or_else(|| broken("nobody was signed in"))?.to_owned();
        let mut browser = Browser { agent, base, cookie, csrf: String::new() };
        let page = browser.get("/account")?;
        let word =
            page.split_once("name=\"csrf\" value=\"").and_then(|(_, rest)| rest.split('"').next());
        browser.csrf = word.ok_or_else(|| broken("the account page has no form"))?.to_owned();
        Ok(browser)
    }

    /// A page or answer as text.
    pub fn get(&self, path: &str) -> Result<String, Failure> {
        let request = self.agent.get(format!("{}{path}", self.base));
        text(request.header("cookie", &self.cookie).call().map_err(lost)?)
    }

    /// An answer as JSON.
    pub fn ask(&self, path: &str) -> Result<Value, Failure> {
        json(&self.get(path)?)
    }

    /// Sends JSON.
    pub fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.agent.put(format!("{}{path}", self.base));
        let request = request.header("cookie", &self.cookie).header("x-csrf", &self.csrf);
        let request = request.header("content-type", "application/json");
        json(&text(request.send(body.to_string()).map_err(lost)?)?)
    }

    /// Sends JSON.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("cookie", &self.cookie).header("x-csrf", &self.csrf);
        let request = request.header("content-type", "application/json");
        json(&text(request.send(body.to_string()).map_err(lost)?)?)
    }

    /// Sends a form.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Result<(), Failure> {
        let csrf = [("csrf", self.csrf.as_str())];
        let fields = fields.iter().copied().chain(csrf);
        let request = self.agent.post(format!("{}{path}", self.base));
        text(request.header("cookie", &self.cookie).send_form(fields).map_err(lost)?).map(drop)
    }
}

fn text(mut response: Response<Body>) -> Result<String, Failure> {
    let status = response.status();
    let text = response.body_mut().read_to_string().map_err(lost)?;
    if status.is_client_error() || status.is_server_error() {
        return Err(broken(&format!("the server answered {status}: {text}")));
    }
    Ok(text)
}

fn json(text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|error| broken(&format!("no JSON: {error}")))
}

fn lost(error: ureq::Error) -> Failure {
    Problem::new(format!("the rehearsed server cannot be reached: {error}")).into()
}

fn broken(what: &str) -> Failure {
    Failure::Bug(format!("rehearsal: {what}"))
}
