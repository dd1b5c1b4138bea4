//! Logging in, and every token that must not let anybody in.

use actix_web::test::TestRequest;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use gongkai::service::{App, sessions};
use gongkai::store::command::{Caller, Command, Request, Standing, UserChange};
use serde_json::{Value, json};

use crate::support::client::{Answer, Api};
use crate::support::on_both;
use crate::support::world::{PASSWORD, Who};

const ME: &str = "/api/v1/me";

/// The key by which the world signs, and one of an attacker.
fn key(offset: u8) -> Ed25519KeyPair {
    let seed: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).unwrap() + offset);
    Ed25519KeyPair::from_seed_unchecked(&seed).unwrap()
}

fn encode(part: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

/// A token of these texts, signed by a key.
fn signed(header: &str, claims: &str, key: &Ed25519KeyPair) -> String {
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = encode(key.sign(message.as_bytes()));
    format!("{message}.{signature}")
}

fn part(token: &str, at: usize) -> Value {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(at).unwrap()).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// An object with one member set, or taken away by null.
fn with(object: &Value, name: &str, value: Value) -> String {
    let mut object = object.clone();
    if value.is_null() {
        object.as_object_mut().unwrap().remove(name);
    } else {
        object[name] = value;
    }
    object.to_string()
}

async fn me(api: &Api, authorization: &str) -> Answer {
    api.send(TestRequest::get().uri(ME).insert_header(("authorization", authorization))).await
}

async fn refused(api: &Api, what: &str, token: &str) {
    let answer = me(api, &format!("Bearer {token}")).await;
    assert_eq!(answer.verdict(), (401, "unauthenticated".to_owned()), "{what}: {}", answer.text);
    assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""), "{what}");
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{what}");
}

on_both! {
    async fn only_tokens_of_our_own_making_let_anybody_in(api: Api) {
        let token = api.token(Who::Clerk).await;
        let (header, claims) = (part(&token, 0), part(&token, 1));
        let (ours, theirs) = (key(0), key(1));
        let (head, body) = (header.to_string(), claims.to_string());
        let before = api.traces();
        assert_eq!(me(&api, &format!("Bearer {}", signed(&head, &body, &ours))).await.status, 200, "the forger works");
        refused(&api, "another key", &signed(&head, &body, &theirs)).await;

        for alg in ["none", "None", "nOnE", "HS256", "ES256", "RS256", "EdDSA ", "eddsa", ""] {
            let head = with(&header, "alg", json!(alg));
            refused(&api, alg, &signed(&head, &body, &ours)).await;
            refused(&api, alg, &format!("{}.{}.", encode(&head), encode(&body))).await;
        }
        // The public key taken for the secret of an HMAC.
        let head_hs = with(&header, "alg", json!("HS256"));
        let message = format!("{}.{}", encode(&head_hs), encode(&body));
        let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, ours.public_key().as_ref());
        let tag = encode(aws_lc_rs::hmac::sign(&secret, message.as_bytes()));
        refused(&api, "HS256 by the public key", &format!("{message}.{tag}")).await;
        // A key that the token brings along.
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(theirs.public_key()) });
        refused(&api, "jwk", &signed(&with(&header, "jwk", jwk), &body, &theirs)).await;
        for name in ["jku", "x5u"] {
            refused(&api, name, &signed(&with(&header, name, json!("https://evil.example/jwks")), &body, &theirs)).await;
        }
        for (name, value) in [
            ("kid", json!("")), ("kid", json!("../../etc/passwd")), ("kid", json!("' OR 1=1 --")), ("kid", json!("0")), ("kid", Value::Null),
            ("kid", json!(["x"])), ("typ", json!("JWT")), ("typ", json!("rt+jwt")), ("typ", json!("")), ("typ", Value::Null),
            ("crit", json!(["exp"])), ("b64", json!(false)), ("alg", Value::Null),
        ] {
            let head = with(&header, name, value.clone());
            refused(&api, &format!("header {name} = {value}"), &signed(&head, &body, &ours)).await;
        }
        for twice in [head.replacen('{', "{\"alg\":\"none\",", 1), head.replacen('{', "{\"kid\":\"x\",", 1)] {
            refused(&api, &twice, &signed(&twice, &body, &ours)).await;
        }
        assert_eq!(api.traces(), before);
    }
}

on_both! {
    async fn claims_must_be_ours_to_the_letter(api: Api) {
        let token = api.token(Who::Clerk).await;
        let (header, claims) = (part(&token, 0), part(&token, 1));
        let (head, body, ours) = (header.to_string(), claims.to_string(), key(0));
        let now = api.world.now().timestamp();
        let rows = [
            ("iss", json!("gongkai/")), ("iss", json!("Gongkai")), ("iss", Value::Null), ("iss", json!(["gongkai"])), ("iss", json!("")),
            ("aud", json!("other")), ("aud", Value::Null), ("aud", json!(["gongkai"])), ("aud", json!("")),
            ("sub", json!("")), ("sub", json!("clerk")), ("sub", Value::Null), ("sub", json!("01900000-0000-7000-8000-000000000000")),
            ("sub", json!([claims["sub"]])),
            ("exp", Value::Null), ("exp", json!((now + 900).to_string())), ("exp", json!(1e300)), ("exp", json!(-1)),
            ("exp", json!(9_223_372_036_854_775_808_u64)), ("exp", json!(now - 60)), ("exp", json!(0)), ("exp", json!([now + 900])),
            ("iat", json!(now + 61)), ("iat", json!("1")), ("iat", Value::Null), ("iat", json!(i64::MAX)),
            ("nbf", json!(now + 3600)), ("epoch", json!(0)), ("epoch", json!(2)), ("epoch", Value::Null), ("epoch", json!("1")),
            ("role", json!(["admin"])), ("role", json!({ "admin": true })),
            ("admin", json!(true)), ("jti", json!("x")),
        ];
        for (name, value) in rows {
            refused(&api, &format!("{name} = {value}"), &signed(&head, &with(&claims, name, value), &ours)).await;
        }
        let half = body.replace(&format!("\"exp\":{}", now + 900), &format!("\"exp\":{}.5", now + 900));
        assert_ne!(half, body);
        refused(&api, "half a second", &signed(&head, &half, &ours)).await;
        for twice in [body.replacen('{', &format!("{{\"exp\":{},", now + 99_999), 1), body.replacen('{', "{\"role\":\"admin\",", 1)] {
            refused(&api, &twice, &signed(&head, &twice, &ours)).await;
        }
        for broken in ["{}", "[]", "null", "", "{", "\u{FEFF}{}"] {
            refused(&api, broken, &signed(&head, broken, &ours)).await;
        }
        refused(&api, "trailing text", &signed(&head, &format!("{body}x"), &ours)).await;

        // To the second: sixty of leeway and not one more.
        for (name, value) in [("exp", now - 59), ("iat", now + 60)] {
            let token = signed(&head, &with(&claims, name, json!(value)), &ours);
            assert_eq!(me(&api, &format!("Bearer {token}")).await.status, 200, "{name}");
        }
        // A token says nothing of rights: one that does is none of ours.
        let token = signed(&head, &with(&claims, "role", json!("admin")), &ours);
        assert_eq!(me(&api, &format!("Bearer {token}")).await.verdict(), (401, "unauthenticated".to_owned()));
    }
}

on_both! {
    async fn tokens_that_were_tampered_with_are_none(api: Api) {
        let token = api.token(Who::Clerk).await;
        let parts: Vec<&str> = token.split('.').collect();
        let mut claims = part(&token, 1);
        claims["role"] = json!("admin");
        let zeros = encode([0; 64]);
        let flipped = |at: usize| {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap()
        };
        let rows = [
            ("role changed", format!("{}.{}.{}", parts[0], encode(claims.to_string()), parts[2])),
            ("no signature", format!("{}.{}.", parts[0], parts[1])),
            ("no signature at all", format!("{}.{}", parts[0], parts[1])),
            ("half a signature", token[..token.len() - 40].to_owned()),
            ("zeros", format!("{}.{}.{zeros}", parts[0], parts[1])),
            ("signature twice", format!("{token}{}", parts[2])),
            ("four parts", format!("{token}.x")),
            ("five parts", format!("{token}..x")),
            ("padding", format!("{token}==")),
            ("other alphabet", token.replace('_', "/").replace('-', "+") + "+"),
            ("first bit", flipped(token.len() - 86)),
            ("middle bit", flipped(token.len() - 40)),
            ("header bit", flipped(3)),
            ("claims bit", flipped(parts[0].len() + 10)),
            ("another user's signature", format!("{}.{}.{}", parts[0], parts[1], api.token(Who::Admin).await.split('.').nth(2).unwrap())),
            ("ten kilobytes", "x".repeat(10_000)),
            ("a long signature", format!("{token}{}", "A".repeat(5000))),
            ("nothing", "null".to_owned()),
            ("dots", "..".to_owned()),
        ];
        for (what, token) in rows {
            refused(&api, what, &token).await;
        }
        // The last character has two bits that say nothing: only zeros stand there.
        let last = token.pop_last();
        refused(&api, "re-encoded", &last).await;
        assert_eq!(me(&api, &format!("Bearer {token}")).await.status, 200, "the token itself still works");
    }
}

/// A token whose last character differs in the bits that no byte uses.
trait PopLast {
    fn pop_last(&self) -> String;
}

impl PopLast for String {
    fn pop_last(&self) -> String {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let (rest, last) = self.split_at(self.len() - 1);
        let at = ALPHABET.iter().position(|byte| *byte == last.as_bytes()[0]).unwrap();
        format!("{rest}{}", char::from(ALPHABET[at ^ 1]))
    }
}

on_both! {
    async fn a_token_comes_in_one_header_and_nowhere_else(api: Api) {
        let token = api.token(Who::Clerk).await;
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(me(&api, &format!("{scheme} {token}")).await.status, 200, "{scheme}");
        }
        for header in [
            String::new(), "Bearer".to_owned(), "Bearer ".to_owned(), token.clone(), format!("Basic {token}"), format!("Token {token}"),
            format!("Bearer  {token}"), format!("Bearer\t{token}"), format!("Bearer {token} x"), format!("Bearer {token},Bearer {token}"),
            format!("Bearer \"{token}\""), format!("Bearer token={token}"), format!("Bearer {token}\u{e9}"),
        ] {
            let answer = me(&api, &header).await;
            assert_eq!(answer.verdict(), (401, "unauthenticated".to_owned()), "{header:.20}");
        }
        let line = format!("Bearer {token}");
        let twice = TestRequest::get().uri(ME).append_header(("authorization", line.as_str())).append_header(("authorization", line.as_str()));
        assert_eq!(api.send(twice).await.status, 401, "two headers");
        for name in ["access_token", "token", "authorization"] {
            let query = TestRequest::get().uri(&format!("{ME}?{name}={token}"));
            assert_eq!(api.send(query).await.status, 401, "in the address: {name}");
            let cookie = TestRequest::get().uri(ME).insert_header(("cookie", format!("{name}={token}")));
            assert_eq!(api.send(cookie).await.status, 401, "in a cookie: {name}");
            let form = TestRequest::post().uri("/api/v1/cases").insert_header(("content-type", "application/x-www-form-urlencoded"));
            assert_eq!(api.send(form.set_payload(format!("{name}={token}"))).await.status, 401, "in a form: {name}");
        }
    }
}

async fn log_in(api: &Api, username: &str, password: &str) -> Answer {
    let body = json!({ "username": username, "password": password });
    api.send(TestRequest::post().uri("/api/v1/sessions").set_json(body)).await
}

/// Changes a user by another process over the same database.
async fn change(api: &Api, app: &App, who: Who, change: UserChange) {
    let request = Request {
        caller: Caller::Operator,
        at: api.world.now(),
        request_id: "elsewhere".to_owned(),
        idempotency: None,
        command: Command::ChangeUser { user: api.world.user(who), expected: None, change },
    };
    app.store.writer.submit(request).await.expect("a change");
    // The picture of the users may be ten milliseconds old (docs/adr/0004-directory-in-memory.md).
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
}

on_both! {
    async fn a_login_fails_in_one_way_only(api: Api) {
        let second = api.world.second_app();
        change(&api, &second, Who::SecondClerk, UserChange::to(Standing::Disabled)).await;
        let mut answers = Vec::new();
        for (username, password) in [
            ("nobody", PASSWORD), ("clerk", "wrong"), (Who::SecondClerk.username(), PASSWORD),
            (Who::SecondClerk.username(), "wrong"), ("clerk", "Correct horse battery"), ("clerk", "correct horse battery "),
        ] {
            let answer = log_in(&api, username, password).await;
            let mut body = answer.json();
            body["request_id"] = json!("");
            let mut headers: Vec<String> = answer.headers.iter().filter(|(name, _)| *name != "x-request-id").map(|header| format!("{header:?}")).collect();
            headers.sort();
            answers.push((answer.verdict(), body, headers));
        }
        assert_eq!(answers[0].0, (401, "login_failed".to_owned()));
        for answer in &answers {
            assert_eq!(answer, &answers[0]);
        }
    }
}

on_both! {
    async fn a_disabled_user_is_out_at_once(api: Api) {
        let token = format!("Bearer {}", api.token(Who::Clerk).await);
        let second = api.world.second_app();
        let before = api.traces();
        assert_eq!(me(&api, &token).await.status, 200);
        change(&api, &second, Who::Clerk, UserChange::to(Standing::Disabled)).await;
        assert_eq!(me(&api, &token).await.verdict(), (401, "unauthenticated".to_owned()));
        let act = TestRequest::post().uri("/api/v1/cases").insert_header(("authorization", token.as_str()));
        assert_eq!(api.send(act.set_json(crate::support::client::application())).await.status, 401);
        assert_eq!(log_in(&api, "clerk", PASSWORD).await.code(), "login_failed");
        let colleagues = api.get(Who::Supervisor, "/api/v1/users").await.text;
        assert!(!colleagues.contains("\"clerk\""), "{colleagues}");

        change(&api, &second, Who::Clerk, UserChange::to(Standing::Active)).await;
        assert_eq!(me(&api, &token).await.status, 401, "an old token stays dead");
        assert_eq!(log_in(&api, "clerk", PASSWORD).await.status, 201);
        assert_eq!((api.traces()[0], api.traces()[1]), (before[0], before[1] + 2), "two changes, both in the ledger");
    }
}

on_both! {
    async fn a_new_password_ends_every_session(api: Api) {
        let token = format!("Bearer {}", api.token(Who::Clerk).await);
        assert_eq!(me(&api, &token).await.status, 200);
        let second = api.world.second_app();
        let hash = sessions::hash_password(&second, "another horse".to_owned()).await.expect("a hash");
        change(&api, &second, Who::Clerk, UserChange::SetPassword { hash, epoch: None }).await;
        assert_eq!(me(&api, &token).await.status, 401);
        assert_eq!(log_in(&api, "clerk", PASSWORD).await.status, 401);
        let fresh = log_in(&api, "clerk", "another horse").await.json();
        let fresh = format!("Bearer {}", fresh["access_token"].as_str().unwrap());
        assert_eq!(me(&api, &fresh).await.status, 200);
        assert_eq!(me(&api, &token).await.status, 401);
    }
}

on_both! {
    async fn a_token_is_good_for_a_quarter_of_an_hour(api: Api) {
        let start = api.world.now();
        let answer = log_in(&api, "clerk", PASSWORD).await.json();
        assert_eq!((&answer["expires_in"], &answer["token_type"]), (&json!(900), &json!("Bearer")));
        let token = format!("Bearer {}", answer["access_token"].as_str().unwrap());
        for (seconds, status) in [(0, 200), (899, 200), (959, 200), (960, 401), (86_400, 401), (-60, 200), (-61, 401), (10, 200)] {
            api.world.clock.set(start + TimeDelta::seconds(seconds));
            assert_eq!(me(&api, &token).await.status, status, "after {seconds} s");
        }
    }
}

on_both! {
    async fn everybody_is_told_who_he_is(api: Api) {
        for who in Who::ALL {
            let told = api.get(who, ME).await.json();
            assert_eq!(told["username"], who.username());
            assert_eq!(told["id"], json!(api.world.user(who).0));
            let mut names: Vec<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
            names.sort_unstable();
            assert_eq!(names, ["capabilities", "created_at", "disabled", "display_name", "id", "links", "role", "unit_id", "updated_at", "username", "version"], "nothing more");
        }
    }
}
