//! The address a request comes from: of the connection itself, or, behind a
//! proxy that the room was told of, what that proxy says.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, header};

use super::App;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of whoever asks; `None` where there is no connection, in tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Client(pub(super) Option<IpAddr>);

impl FromRequestParts<App> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Client, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map(|ConnectInfo(address)| address.ip().to_canonical());
        let told = if app.room.is_behind_proxy { told(&parts.headers) } else { None };
        Ok(Client(told.or(peer)))
    }
}

/// What the nearest proxy says: the last hop, which it added itself. What stands
/// before that came along with the request and may be anybody's invention.
///
/// A proxy writes one of the two headers and may hand the other through as it
/// came. So where both are there and differ, neither is believed.
fn told(headers: &HeaderMap) -> Option<IpAddr> {
    let last = |name: &HeaderName| headers.get_all(name).iter().next_back();
    let text = |name: &HeaderName| last(name).map(|value| value.to_str().unwrap_or_default());
    let usual = text(&X_FORWARDED_FOR).map(last_hop);
    let standard = text(&header::FORWARDED).map(last_forwarded);
    match (usual, standard) {
        (Some(one), Some(other)) => one.filter(|_| one == other),
        (one, other) => one.or(other).flatten(),
    }
}

/// The last hop of `X-Forwarded-For: 203.0.113.9, 10.0.0.2`.
fn last_hop(text: &str) -> Option<IpAddr> {
    address(text.rsplit(',').next()?)
}

/// The last hop of `Forwarded: for=203.0.113.9;proto=https, for="[2001:db8::7]:4711"`
/// (RFC 7239, section 4).
fn last_forwarded(text: &str) -> Option<IpAddr> {
    let mut is_quoted = false;
    let outside = |c: char| {
        is_quoted ^= c == '"';
        c == ',' && !is_quoted
    };
    let last = text.split(outside).next_back()?;
    let fields = last.split(';').filter_map(|field| field.trim().split_once('='));
    let (_, hop) = fields.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    address(hop.trim().trim_matches('"'))
}

/// An address, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.parse().or_else(|_| text.parse::<SocketAddr>().map(|with| with.ip()));
    let bare = bare.ok().or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok());
    bare.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_by(lines: &[(&'static str, &str)]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        told(&headers).map(|address| address.to_string())
    }

    #[test]
    fn the_last_hop_is_the_one_the_proxy_added() {
        for (line, expected) in [
            ("203.0.113.9", "203.0.113.9"),
            ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
            ("6.6.6.6,203.0.113.9:5123", "203.0.113.9"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(told_by(&[("x-forwarded-for", line)]).as_deref(), Some(expected), "{line}");
        }
        let two_lines = [("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(told_by(&two_lines).as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn the_standard_header_is_read_too() {
        for (line, expected) in [
            ("for=203.0.113.9", "203.0.113.9"),
            ("for=6.6.6.6;proto=http, For=\"[2001:db8::7]:4711\";by=x", "2001:db8::7"),
            ("for=6.6.6.6, proto=https;for=\"203.0.113.9:80\"", "203.0.113.9"),
            ("host=\"a, for=6.6.6.6\";for=203.0.113.9", "203.0.113.9"),
        ] {
            assert_eq!(told_by(&[("forwarded", line)]).as_deref(), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_address_and_what_contradicts_itself_is_not_believed() {
        for line in ["", "unknown", "203.0.113.9, _hidden", "999.1.1.1", "203.0.113.9,"] {
            assert_eq!(told_by(&[("x-forwarded-for", line)]), None, "{line}");
            assert_eq!(told_by(&[("forwarded", &format!("for={line}"))]), None, "{line}");
        }
        let usual = ("x-forwarded-for", "203.0.113.9");
        assert_eq!(told_by(&[usual, ("forwarded", "for=6.6.6.6")]), None);
        assert_eq!(told_by(&[usual, ("forwarded", "nonsense")]), None);
        let alike = told_by(&[usual, ("forwarded", "for=203.0.113.9")]);
        assert_eq!(alike.as_deref(), Some("203.0.113.9"));
        assert_eq!(told_by(&[]), None);
    }
}
