//! A browser that is told what to do.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::actions::{
    Actions, InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

/// How long anything may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);
/// Codes of keys that are no letters.
pub const SHIFT: char = '\u{E008}';
pub const ENTER: char = '\u{E007}';
pub const ALT: char = '\u{E00A}';
pub const TAB: char = '\u{E004}';
pub const ESCAPE: char = '\u{E00C}';
pub const RIGHT: char = '\u{E014}';
pub const DOWN: char = '\u{E015}';

pub struct Driver {
    pub client: Client,
    process: Child,
    port: u16,
    pictures: PathBuf,
}

/// ChromeDriver ends its browsers when it is asked to end, after a test that
/// failed too.
impl Drop for Driver {
    fn drop(&mut self) {
        if let Ok(mut line) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = line.write_all(
                b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
            );
            let _ = line.set_read_timeout(Some(Duration::from_secs(5)));
            let _ = line.read_to_end(&mut Vec::new());
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Driver {
    /// Starts ChromeDriver and a browser; `None` where they are not installed.
    pub async fn start() -> Option<Driver> {
        let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
        let chromium = chromium.into_iter().find(|path| Path::new(path).exists())?;
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1366,768",
        ];
        let options = json!({ "binary": chromium, "args": arguments });
        let Value::Object(capabilities) = json!({ "goog:chromeOptions": options }) else {
            unreachable!("an object")
        };
        let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
        std::fs::create_dir_all(&pictures).unwrap();
        for _ in 0..200 {
            let mut builder =
                ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new());
            builder.capabilities(capabilities.clone());
            match builder.connect(&format!("http://127.0.0.1:{port}")).await {
                Ok(client) => return Some(Driver { client, process, port, pictures }),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        panic!("ChromeDriver does not answer");
    }

    pub async fn stop(self) {
        self.client.clone().close().await.unwrap();
    }

    pub async fn goto(&self, address: &str) {
        self.client.goto(address).await.unwrap();
    }

    /// Waits until an element is there.
    pub async fn wait(&self, css: &str) -> fantoccini::elements::Element {
        let found = self.client.wait().at_most(PATIENCE).for_element(Locator::Css(css)).await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("no {css}: {error}\n{}", self.text("body").await),
        }
    }

    /// Waits until an element's text holds these words.
    pub async fn wait_for_text(&self, css: &str, words: &str) {
        let began = std::time::Instant::now();
        loop {
            let text = self.text(css).await;
            if text.contains(words) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{css} says {text:?}, not {words:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub async fn text(&self, css: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.textContent ?? ''";
        let text = self.client.execute(script, vec![json!(css)]).await.unwrap();
        text.as_str().unwrap_or_default().to_owned()
    }

    pub async fn click(&self, css: &str) {
        self.wait(css).await.click().await.unwrap();
    }

    pub async fn type_into(&self, css: &str, text: &str) {
        self.wait(css).await.send_keys(text).await.unwrap();
    }

    /// Presses keys one after the other, on whatever has the focus.
    pub async fn keys(&self, keys: &str) {
        let mut actions = KeyActions::new("keys".to_owned());
        for value in keys.chars() {
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.client.perform_actions(Actions::from(actions)).await.unwrap();
    }

    /// Presses a key while another is held.
    pub async fn chord(&self, held: char, value: char) {
        let actions = KeyActions::new("keys".to_owned())
            .then(KeyAction::Down { value: held })
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value })
            .then(KeyAction::Up { value: held });
        self.client.perform_actions(Actions::from(actions)).await.unwrap();
    }

    /// Draws with the mouse from one point of an element to another; points are
    /// shares of its width and height.
    pub async fn drag(&self, css: &str, from: (f64, f64), to: (f64, f64)) {
        self.wait(css).await;
        // Within the window, which may be scrolled.
        let script = "const { x, y, width, height } = document.querySelector(arguments[0]).getBoundingClientRect(); return [x, y, width, height]";
        let place = self.client.execute(script, vec![json!(css)]).await.unwrap();
        let [x, y, width, height]: [f64; 4] = serde_json::from_value(place).unwrap();
        let at =
            |(a, b): (f64, f64)| ((x + a * width).round() as i64, (y + b * height).round() as i64);
        let move_to = |point: (f64, f64)| PointerAction::MoveTo {
            duration: Some(Duration::from_millis(40)),
            x: at(point).0 as f64,
            y: at(point).1 as f64,
        };
        let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
        let actions = MouseActions::new("mouse".to_owned())
            .then(move_to(from))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(move_to(middle))
            .then(move_to(to))
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(Actions::from(actions)).await.unwrap();
    }

    /// What a script returns.
    pub async fn run(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.unwrap()
    }

    /// Scrolls until an element is in the middle.
    pub async fn show(&self, css: &str) {
        let script = "document.querySelector(arguments[0]).scrollIntoView({ block: 'center' })";
        self.client.execute(script, vec![json!(css)]).await.unwrap();
    }

    /// Waits until this script returns true.
    pub async fn wait_until(&self, script: &str) {
        let began = std::time::Instant::now();
        while self.run(script).await != true {
            assert!(began.elapsed() < PATIENCE, "not true: {script}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until every image of the page is there.
    pub async fn wait_for_images(&self) {
        self.wait_until(
            "return [...document.images].every((one) => one.loading === 'lazy' || (one.complete && one.naturalWidth > 0))",
        )
        .await;
    }

    /// Leaves a picture of the page.
    pub async fn picture(&self, name: &str) {
        let png = self.client.screenshot().await.unwrap();
        std::fs::write(self.pictures.join(format!("{name}.png")), png).unwrap();
    }
}
