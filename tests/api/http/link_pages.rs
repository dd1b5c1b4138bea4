//! The pages behind one-time links: choosing a password, and the set-up.

use actix_web::test::TestRequest;
use chrono::TimeDelta;
use gongkai::service::people;
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use super::traces::Lines;
use crate::support::client::{Answer, Api, Door};
use crate::support::on_both;
use crate::support::world::{Empty, PASSWORD, Who};

const SITE: &str = "https://gongkai.example.cn";
const NEW: &str = "三个 不相干的 词 abc";

impl Door {
    async fn page(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.send(TestRequest::post().uri(path).set_form(fields)).await;
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        answer
    }

    async fn enter(&self, username: &str, password: &str) -> u16 {
        let body = json!({ "username": username, "password": password });
        self.send(TestRequest::post().uri("/api/v1/sessions").set_json(body)).await.status.as_u16()
    }
}

impl Api {
    /// A link for the clerk, and the path of its page.
    async fn password_link(&self) -> (String, String) {
        let path = format!("/api/v1/users/{}/password-links", self.world.user(Who::Clerk));
        let made = self.post(Who::Admin, &path, &json!({})).await.json();
        let secret = made["link"].as_str().expect("a link").to_owned();
        let page = self.world.app.password_page(&secret);
        (secret, page.strip_prefix(SITE).expect("an address of ours").to_owned())
    }
}

/// The field that carries the link through a form that comes back.
fn carries(page: &Answer, link: &str) -> bool {
    page.text.contains(&format!(r#"<input type="hidden" name="link" value="{link}">"#))
}

on_both! {
    async fn a_password_is_chosen_on_the_page_of_its_link(api: Api) {
        let (link, path) = api.password_link().await;
        let lines = Lines::default();
        let shared = lines.clone();
        let log = tracing_subscriber::fmt().with_max_level(LevelFilter::INFO).with_ansi(false)
            .with_writer(move || shared.clone()).finish();
        let _guard = tracing::subscriber::set_default(log);
        for _ in 0..2 {
            let page = api.door.page(&path).await;
            assert_eq!(page.status, 200, "to look does not use it up");
            assert!(carries(&page, &link) && page.text.contains(r#"action="/password""#), "{}", page.text);
            assert_eq!(page.text.matches(r#"type="password""#).count(), 2);
            assert!(page.text.contains("8至128个字符") && !page.text.contains("/public/apply"));
            assert_eq!(page.header("cache-control"), Some("no-store"));
            assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
            let policy = page.header("content-security-policy").expect("a policy");
            assert!(policy.starts_with("default-src 'none'; style-src 'self'; form-action 'self'"));
        }
        let endless = "长".repeat(129);
        for (password, repeat, field, said) in [
            (NEW, "another one", "repeat", "两次输入的密码不一致"),
            (NEW, "", "repeat", "两次输入的密码不一致"),
            ("", "", "password", "请填写新密码"),
            ("short", "short", "password", "密码须为8至128个字符"),
            (endless.as_str(), endless.as_str(), "password", "新密码不能超过128个字符"),
            ("12345678", "12345678", "password", "密码过于常见"),
        ] {
            let page = api.door.form("/password", &[("link", &link), ("password", password), ("repeat", repeat)]).await;
            assert_eq!(page.status, 422, "{password}");
            assert!(page.text.contains(said) && page.text.contains(&format!(r#"id="{field}-error""#)), "{password}: {}", page.text);
            assert!(carries(&page, &link) && !page.text.contains(NEW), "{password}");
        }
        let fields = [("link", link.as_str()), ("password", NEW), ("repeat", NEW)];
        let page = api.door.form("/password", &fields).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains("密码已设置") && !page.text.contains(&link));
        assert_eq!((api.door.enter("clerk", PASSWORD).await, api.door.enter("clerk", NEW).await), (401, 201));

        for page in [api.door.form("/password", &fields).await, api.door.page(&path).await] {
            assert_eq!(page.status, 409);
            assert!(page.text.contains("链接无效") && !page.text.contains("<form"));
        }
        let log = lines.text();
        assert!(log.contains("/password/{link}"), "{log}");
        assert!(!log.contains(&link), "{log}");
    }
}

on_both! {
    async fn a_link_that_is_no_good_gets_no_form(api: Api) {
        let (link, path) = api.password_link().await;
        let none = format!("/password/{}", "A".repeat(43));
        let seen = api.door.page(&none).await;
        assert_eq!(seen.status, 409);
        for path in ["/password/x", "/password/%22%3E%3Cscript%3E", "/password/%FF%00", &format!("/set-up/{link}"), "/set-up/x"] {
            let page = api.door.page(path).await;
            assert_eq!((page.status, &page.text), (seen.status, &seen.text), "{path}");
        }
        api.world.clock.set(api.world.now() + TimeDelta::minutes(30));
        assert_eq!(api.door.page(&path).await.text, seen.text, "a link that has expired");
        let sent = api.door.form("/password", &[("link", &link), ("password", NEW), ("repeat", NEW)]).await;
        assert_eq!((sent.status, &sent.text), (seen.status, &seen.text));
        let endless = "A".repeat(101);
        for fields in [vec![], vec![("link", ""), ("password", NEW), ("repeat", NEW)], vec![("link", &endless), ("password", "x"), ("repeat", "y")]] {
            for path in ["/password", "/set-up"] {
                let page = api.door.form(path, &fields).await;
                assert_eq!((page.status, &page.text), (seen.status, &seen.text), "{path} {fields:?}");
            }
        }
        for path in ["/password", "/set-up"] {
            let json = TestRequest::post().uri(path).set_json(json!({ "link": link }));
            assert_eq!(api.send(json).await.status, 415, "{path}");
        }
        assert_eq!(api.door.enter("clerk", PASSWORD).await, 201);
    }
}

on_both! {
    async fn the_first_administrator_sets_up_on_a_page(empty: Empty) {
        let door = Door::of(&empty.app).await;
        let link = people::issue_set_up_link(&empty.app).await.expect("a link").expect("nobody is there").secret;
        let path = empty.app.set_up_page(&link);
        let page = door.page(path.strip_prefix(SITE).expect("an address of ours")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(carries(&page, &link) && page.text.contains(r#"action="/set-up""#));
        assert!(!page.text.contains("长春市公安局"), "this may be any bureau: {}", page.text);
        let fill = |username: &'static str, repeat: &'static str| {
            [("link", link.clone()), ("bureau_name", "吉林市公安局".to_owned()), ("username", username.to_owned()),
             ("display_name", "李<b>建国".to_owned()), ("password", NEW.to_owned()), ("repeat", repeat.to_owned())]
        };
        for (username, repeat, fields) in [
            ("Li Jianguo", NEW, &["username"][..]), ("", NEW, &["username"]), ("li", "x", &["repeat"]),
            ("Li", "x", &["username", "repeat"]),
        ] {
            let filled = fill(username, repeat);
            let filled: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let page = door.form("/set-up", &filled).await;
            assert_eq!(page.status, 422, "{username}");
            for field in ["bureau_name", "username", "display_name", "password", "repeat"] {
                assert_eq!(page.text.contains(&format!(r#"id="{field}-error""#)), fields.contains(&field), "{username} {field}");
            }
            assert!(carries(&page, &link) && page.text.contains("吉林市公安局") && page.text.contains("李&lt;b&gt;建国"));
            assert!(!page.text.contains(NEW));
        }
        let filled = fill("li", NEW);
        let filled: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = door.form("/set-up", &filled).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains("设置完成"));
        assert_eq!(door.enter("li", NEW).await, 201);
        let again = door.form("/set-up", &filled).await;
        assert_eq!(again.status, 409);
        assert!(again.text.contains("链接无效") && again.text.contains("吉林市公安局"), "the bureau has its name");
    }
}
