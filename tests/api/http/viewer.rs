//! The viewer of the contract: its files, and how they are kept. What it looks like in a browser is
//! in tests/browser/docs.spec.mjs.

use std::io::Read as _;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use gongkai::config::Docs;

use crate::support::client::Api;
use crate::support::databases::Backend;
use crate::support::on_both;
use crate::support::world::World;

fn get(path: &str) -> TestRequest {
    TestRequest::get().uri(path)
}

/// The addresses of the assets that the page names.
fn assets(page: &str) -> Vec<String> {
    let named = page.split('"').filter(|part| part.starts_with("/docs/assets/"));
    named.map(ToOwned::to_owned).collect()
}

on_both! {
    async fn the_page_and_its_files_are_here_and_nothing_else_is(api: Api) {
        let page = api.send(get("/docs")).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"), "{policy}");
        assert!(!page.text.contains("://") && !page.text.contains('{'), "{}", page.text);
        let assets = assets(&page.text);
        assert_eq!(assets.len(), 3, "{}", page.text);
        for path in &assets {
            let plain = api.send(get(path)).await;
            assert_eq!((plain.status.as_u16(), plain.header("content-encoding")), (200, None), "{path}");
            assert_eq!(plain.header("cache-control"), Some("public, max-age=31536000, immutable"));
            assert!(plain.text.len() > 400, "{path}");
            let tag = plain.header("etag").expect("a tag").to_owned();
            let known = api.send(get(path).insert_header(("if-none-match", tag))).await;
            assert_eq!((known.status.as_u16(), known.text.len()), (304, 0));
            let written = api.send(TestRequest::with_uri(path).method(Method::POST)).await;
            assert_eq!((written.status.as_u16(), written.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
        }
        let wrong = assets[0].replace(|c: char| c.is_ascii_digit(), "0");
        for nowhere in [wrong.as_str(), "/docs/assets/x/docs.js", "/docs/assets/../../etc/passwd", "/docs/x"] {
            assert_eq!(api.send(get(nowhere)).await.status, 404, "{nowhere}");
        }
        let tag = page.header("etag").expect("a tag").to_owned();
        assert_eq!(api.send(get("/docs").insert_header(("if-none-match", tag))).await.status, 304);
    }
}

on_both! {
    async fn a_client_that_reads_gzip_gets_the_file_as_it_is_kept(api: Api) {
        let page = api.send(get("/docs")).await;
        for path in assets(&page.text).iter().filter(|path| path.contains("swagger-ui")) {
            let plain = api.send(get(path)).await;
            for accepted in ["gzip", "br, gzip;q=0.5", "gzip, deflate, br, zstd"] {
                let packed = api.send(get(path).insert_header(("accept-encoding", accepted))).await;
                assert_eq!(packed.header("content-encoding"), Some("gzip"), "{accepted}");
                assert_eq!(packed.header("vary"), Some("Accept-Encoding"));
                assert_ne!(packed.header("etag"), plain.header("etag"));
                let mut text = String::new();
                flate2::read::GzDecoder::new(&packed.bytes[..]).read_to_string(&mut text).expect("gzip");
                assert_eq!(text, plain.text, "{path}");
            }
            for refused in ["identity", "gzip;q=0"] {
                let answer = api.send(get(path).insert_header(("accept-encoding", refused))).await;
                assert_eq!(answer.header("content-encoding"), None, "{refused}");
            }
        }
    }
}

on_both! {
    async fn a_bare_address_leads_on(api: Api) {
        for method in [Method::GET, Method::HEAD] {
            let front = api.send(get("/").method(method.clone())).await;
            assert_eq!(front.status, 303);
            assert_eq!(front.header("location"), Some("/public"));
            let page = api.send(get("/docs/").method(method)).await;
            assert_eq!(page.status, 200);
        }
        assert_eq!(api.send(get("/docs/")).await.text, api.send(get("/docs")).await.text);
        let refused = api.send(TestRequest::post().uri("/")).await;
        assert_eq!(refused.status, 405);
        assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
}

on_both!(switched_off_it_does_not_exist);
async fn switched_off_it_does_not_exist(backend: Backend) {
    let world = World::with_settings(backend, |settings| settings.docs = Docs::Off).await;
    let api = Api::on(world).await;
    assert_eq!(api.send(get("/docs/")).await.status, 404);
    let page = api.send(get("/docs")).await;
    assert_eq!(page.verdict(), (404, "route_not_found".to_owned()));
    assert_eq!(api.send(get("/openapi.json")).await.status, 200, "the contract itself stays");
}
