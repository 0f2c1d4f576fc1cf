//! What WebDriver has no word for, in Chromium's own.

use std::path::Path;

use axum::http::Method;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};
use url::{ParseError, Url};

use crate::driver::Driver;

/// A command of the DevTools protocol.
#[derive(Debug)]
struct DevTools {
    name: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let body = json!({ "cmd": self.name, "params": self.parameters });
        (Method::POST, Some(body.to_string()))
    }
}

/// What a page is looked at with.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// For names of pictures.
    pub name: &'static str,
    /// CSS pixels.
    pub width: u32,
    pub height: u32,
    /// Pixels of the screen for each.
    pub ratio: u32,
}

/// What a browser's own bars leave of a screen of 1366 x 768.
pub const LAPTOP: Screen = Screen { name: "laptop", width: 1366, height: 625, ratio: 1 };
/// The same screen at 200 % zoom.
pub const ZOOMED: Screen = Screen { name: "zoomed", width: 683, height: 312, ratio: 2 };
/// A telephone.
pub const PHONE: Screen = Screen { name: "phone", width: 400, height: 800, ratio: 1 };

impl Driver {
    pub async fn devtools(&self, name: &'static str, parameters: Value) -> Value {
        self.client.issue_cmd(DevTools { name, parameters }).await.unwrap()
    }

    /// Looks at pages as on this screen from now on.
    pub async fn on(&self, screen: Screen) {
        let Screen { width, height, ratio, .. } = screen;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": ratio, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Lets files and folders of this machine fall on an element, as from a
    /// file manager.
    pub async fn drop_files(&self, css: &str, paths: &[&Path]) {
        let (x, y, width, height) = self.wait(css).await.rectangle().await.unwrap();
        let (x, y) = (x + width / 2.0, y + height / 2.0);
        let data = json!({ "items": [], "files": paths, "dragOperationsMask": 1 });
        for kind in ["dragEnter", "dragOver", "drop"] {
            let event = json!({ "type": kind, "x": x, "y": y, "data": data });
            self.devtools("Input.dispatchDragEvent", event).await;
        }
    }

    /// Kills the program behind the tab, which has no time to say anything, and
    /// goes on in another tab.
    pub async fn kill_tab(&self) {
        let fresh = self.client.new_window(true).await.unwrap();
        let _ = self.client.goto("chrome://crash").await;
        self.client.switch_to_window(fresh.handle).await.unwrap();
    }

    /// Where downloads go from now on.
    pub async fn download_to(&self, folder: &Path) {
        let where_to = json!({ "behavior": "allow", "downloadPath": folder });
        self.devtools("Browser.setDownloadBehavior", where_to).await;
    }
}
