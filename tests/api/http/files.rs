//! The files of cases: taken in, refused, given out, taken down.

mod lives;

use std::path::Path;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use base64::Engine as _;
use serde_json::{Value, json};

use crate::support::client::{Answer, Api};
use crate::support::on_both;
use crate::support::world::{Place, Who};

pub(super) const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\nstartxref\n0\n%%EOF\n";
const BOUNDARY: &str = "Wq7-boundary";

/// A body with these text parts and one file.
fn body(texts: &[(&str, &str)], name: &str, content: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (part, text) in texts {
        let head =
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{part}\"\r\n\r\n");
        body.extend(format!("{head}{text}\r\n").bytes());
    }
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         Content-Type: text/html\r\n\r\n"
    );
    body.extend(head.bytes());
    body.extend(content);
    body.extend(format!("\r\n--{BOUNDARY}--\r\n").bytes());
    body
}

/// An upload to a case as it was seen.
async fn request(api: &Api, who: Who, seen: &Value, body: Vec<u8>) -> TestRequest {
    let path = format!("{}/attachments", path_of(seen));
    let request = api.request(who, Method::POST, &path).await;
    request
        .insert_header(("if-match", format!("\"{}\"", seen["version"])))
        .insert_header(("content-type", format!("multipart/form-data; boundary={BOUNDARY}")))
        .set_payload(body)
}

pub(super) async fn upload(
    api: &Api,
    seen: &Value,
    purpose: &str,
    name: &str,
    content: &[u8],
) -> Answer {
    let body = body(&[("purpose", purpose)], name, content);
    api.send(request(api, Who::OfficerA, seen, body).await).await
}

/// Attaches a file; moves the version on.
pub(super) async fn attached(
    api: &Api,
    case: &mut Value,
    purpose: &str,
    name: &str,
    content: &[u8],
) -> Value {
    let answer = upload(api, case, purpose, name, content).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    case["version"] = answer.json()["case_version"].clone();
    answer.json()
}

fn path_of(case: &Value) -> String {
    format!("/api/v1/cases/{}", case["id"].as_str().expect("an id"))
}

fn content_of(file: &Value) -> &str {
    file["links"]["content"].as_str().expect("an address")
}

/// Every file below a folder.
fn all_files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { all_files(&entry.path()) } else { 1 }).sum()
}

on_both! {
    async fn names_round_trip(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        for (name, plain) in [
            ("收费标准.pdf", "____.pdf"),
            ("送达回证 (张三) 100%.pdf", "____ (__) 100_.pdf"),
            ("𠮷林〔2024〕17号.pdf", "___2024_17_.pdf"),
            ("it's; a=b, 'c'.pdf", "it_s_ a_b_ _c_.pdf"),
        ] {
            let file = attached(&api, &mut case, "draft", name, PDF).await;
            assert_eq!(file["name"], name);
            let answer = api.get(Who::OfficerA, content_of(&file)).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert_eq!(answer.bytes, PDF);
            let disposition = answer.header("content-disposition").expect("a name");
            assert!(disposition.starts_with(&format!("attachment; filename=\"{plain}\"; filename*=UTF-8''")), "{disposition}");
            let (_, coded) = disposition.split_once("UTF-8''").expect("a name");
            assert_eq!(decoded(coded), name);
        }
        let list = api.get(Who::OfficerA, &format!("{}/attachments", path_of(&case))).await.json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(4));
        // A name in another form of Unicode is the same name.
        let file = attached(&api, &mut case, "other", "cafe\u{301}.pdf", PDF).await;
        assert_eq!(file["name"], "caf\u{e9}.pdf");
    }
}

/// A text with percent signs, decoded.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.bytes());
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits: Vec<u8> = rest.by_ref().take(2).collect();
            let digits = String::from_utf8(digits).expect("two digits");
            bytes.push(u8::from_str_radix(&digits, 16).expect("a byte"));
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

on_both! {
    async fn a_file_is_given_out_as_something_to_be_saved(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        let body = body(&[("purpose", "application"), ("note", "原件由窗口留存")], "申请书.PDF", PDF);
        let answer = api.send(request(&api, Who::OfficerA, &case, body).await).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let file = answer.json();
        assert_eq!(answer.header("location"), file["links"]["self"].as_str());
        let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, PDF);
        let hex = gongkai::domain::hex::encode(sum.as_ref());
        assert_eq!(file["sha256"], hex);
        assert_eq!((&file["size"], &file["file_type"]), (&json!(PDF.len()), &json!("pdf")));
        assert_eq!((&file["purpose"], &file["note"]), (&json!("application"), &json!("原件由窗口留存")));
        assert_eq!(file["case_version"], case["version"].as_i64().expect("a version") + 1);
        case["version"] = file["case_version"].clone();
        let shown = api.get(Who::OfficerA, file["links"]["self"].as_str().expect("an address")).await.json();
        assert_eq!((&shown["id"], &shown["detached"]), (&file["id"], &Value::Null));

        let request = api.request(Who::OfficerA, Method::GET, content_of(&file)).await;
        let answer = api.send(request.insert_header(("accept-encoding", "br, gzip"))).await;
        for (name, value) in [
            ("content-type", "application/octet-stream"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "sandbox; default-src 'none'"),
            ("cache-control", "no-store"),
            ("accept-ranges", "bytes"),
            ("etag", &format!("\"{hex}\"")),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}");
        }
        assert_eq!(answer.header("content-encoding"), None);
        let digest = answer.header("repr-digest").expect("a digest");
        let base64 = base64::engine::general_purpose::STANDARD.encode(sum.as_ref());
        assert_eq!(digest, format!("sha-256=:{base64}:"));
        // The ledger knows the file and not its name.
        let body = "SELECT count(*) FROM events WHERE action = 'attach' AND body LIKE '%application%'";
        assert_eq!(api.world.db.number(body), 1);
        let named = "SELECT count(*) FROM events WHERE body LIKE '%申请书%' OR body LIKE '%留存%'";
        assert_eq!(api.world.db.number(named), 0);
    }
}

on_both! {
    async fn ranges(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        let file = attached(&api, &mut case, "draft", "a.pdf", PDF).await;
        let (path, size) = (content_of(&file), PDF.len());
        let tag = format!("\"{}\"", file["sha256"].as_str().expect("a digest"));
        let weak = format!("W/{tag}");
        let get = async |headers: &[(&str, &str)]| {
            let mut request = api.request(Who::OfficerA, Method::GET, path).await;
            for (name, value) in headers {
                request = request.insert_header((*name, *value));
            }
            api.send(request).await
        };
        for (range, from, to) in [
            ("bytes=0-0", 0, 1),
            ("bytes=0-3", 0, 4),
            ("bytes=5-", 5, size),
            ("bytes=-6", size - 6, size),
            ("bytes=-9999", 0, size),
            ("bytes=10-9999", 10, size),
        ] {
            let answer = get(&[("range", range)]).await;
            assert_eq!(answer.status, 206, "{range}: {}", answer.text);
            assert_eq!(answer.bytes, PDF[from..to], "{range}");
            let place = format!("bytes {from}-{}/{size}", to - 1);
            assert_eq!(answer.header("content-range"), Some(place.as_str()), "{range}");
            assert_eq!(answer.header("etag"), Some(tag.as_str()));
            assert!(answer.header("repr-digest").is_some());
        }
        for range in ["bytes=9999-", "bytes=-0", "bytes=9999-10000"] {
            let answer = get(&[("range", range)]).await;
            assert_eq!(answer.verdict(), (416, "range_not_satisfiable".to_owned()), "{range}");
            assert_eq!(answer.header("content-range"), Some(format!("bytes */{size}").as_str()));
        }
        // What is no range, or several of them, gets the whole.
        for range in ["bytes=0-1,3-4", "bytes=4-1", "bytes=", "pages=1-2", "bytes=a-b", "0-3"] {
            let answer = get(&[("range", range)]).await;
            assert_eq!((answer.status.as_u16(), answer.bytes.len()), (200, size), "{range}");
        }
        for (condition, status) in [
            (tag.as_str(), 206),
            (weak.as_str(), 200),
            ("\"another\"", 200),
            ("Wed, 01 Jan 2099 00:00:00 GMT", 200),
        ] {
            let answer = get(&[("range", "bytes=0-3"), ("if-range", condition)]).await;
            assert_eq!(answer.status, status, "{condition}");
        }
        let known = get(&[("if-none-match", &tag), ("range", "bytes=0-3")]).await;
        assert_eq!((known.status.as_u16(), known.bytes.len()), (304, 0));
        let head = api.request(Who::OfficerA, Method::HEAD, path).await;
        let head = api.send(head.insert_header(("range", "bytes=0-3"))).await;
        assert_eq!(head.status, 200, "a range is of use to GET alone");
        assert_eq!(head.header("etag"), Some(tag.as_str()));
    }
}

on_both! {
    async fn a_cut_off_upload_leaves_nothing(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let whole = body(&[("purpose", "draft")], "a.pdf", PDF);
        let before = api.traces();
        for length in [whole.len() - 4, whole.len() - 30, whole.len() / 2] {
            let cut = whole[..length].to_vec();
            let answer = api.send(request(&api, Who::OfficerA, &case, cut).await).await;
            assert_eq!(answer.status, 400, "{length} of {}: {}", whole.len(), answer.text);
        }
        assert_eq!(api.traces(), before);
        assert_eq!(all_files(&api.world.files()), 0);
    }
}

/// A ZIP archive of one empty part that is stored, as small as one can be.
fn zip(name: &str) -> Vec<u8> {
    let length = u16::try_from(name.len()).expect("a short name").to_le_bytes();
    let mut file = b"PK\x03\x04\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    file.extend(length);
    file.extend(b"\0\0");
    file.extend(name.bytes());
    let start = file.len();
    file.extend(b"PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    file.extend(length);
    file.extend([0; 16]);
    file.extend(name.bytes());
    let directory = u32::try_from(file.len() - start).expect("short").to_le_bytes();
    file.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    file.extend(directory);
    file.extend(u32::try_from(start).expect("short").to_le_bytes());
    file.extend(b"\0\0");
    file
}

on_both! {
    async fn a_false_type_leaves_nothing(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = api.traces();
        let polyglot = [PDF, b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x06\0%%EOF\n"].concat();
        let page = [PDF, b"<script>alert(1)</script>"].concat();
        let wide = [
            b"\x89PNG\r\n\x1a\n\0\0\0\x0DIHDR\0\0\0\x01\0\x01\x86\xa0\x08\x02\0\0\0\0\0\0\0".as_slice(),
            b"\0\0\0\0IEND\xAE\x42\x60\x82",
        ].concat();
        for (name, content, status, code, detail) in [
            ("a.pdf", b"MZ\x90\0 a program".as_slice(), 422, "file_type_differs", "content_differs"),
            ("a.png", PDF, 422, "file_type_differs", "content_differs"),
            ("a.docx", PDF, 422, "file_type_differs", "content_differs"),
            ("a.docx", &zip("readme.txt"), 422, "file_type_differs", "content_differs"),
            ("a.docx", &zip("../../x"), 422, "archive_unsafe", "archive_unsafe_path"),
            ("a.ofd", &zip("OFD.txt"), 422, "file_type_differs", "content_differs"),
            ("a.docx", b"PK\x03\x04 and no more", 422, "archive_unsafe", "archive_broken"),
            ("a.pdf", &polyglot, 422, "file_type_differs", "content_of_two_types"),
            ("a.pdf", &page, 422, "file_type_differs", "content_incomplete"),
            ("a.png", &wide, 422, "file_type_differs", "picture_size"),
            ("a.exe", PDF, 415, "file_type_not_permitted", "file_extension_not_permitted"),
            ("a.doc", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 415, "file_type_not_permitted", "file_extension_not_permitted"),
            ("a.pdf.exe", PDF, 415, "file_type_not_permitted", "file_extension_not_permitted"),
            ("a.exe.pdf", PDF, 422, "file_name_unsafe", "file_name_double_extension"),
            ("答复\u{202E}fdp.pdf", PDF, 422, "file_name_unsafe", "file_name_invisible"),
            ("../a.pdf", PDF, 422, "file_name_unsafe", "file_name_character"),
            ("", PDF, 422, "file_name_unsafe", "file_name_empty"),
        ] {
            let answer = upload(&api, &case, "draft", name, content).await;
            assert_eq!(answer.verdict(), (status, code.to_owned()), "{name:?}");
            assert_eq!(answer.json()["errors"][0]["code"], detail, "{name:?}");
            assert_eq!(answer.json()["errors"][0]["pointer"], "#/file");
        }
        let empty = upload(&api, &case, "draft", "a.pdf", b"").await;
        assert_eq!(empty.verdict(), (422, "file_empty".to_owned()));
        assert_eq!(api.traces(), before);
        assert_eq!(all_files(&api.world.files()), 0);
        // What is one is taken: the smallest OFD document.
        let taken = upload(&api, &case, "draft", "a.ofd", &zip("OFD.xml")).await;
        assert_eq!(taken.status, 201, "{}", taken.text);
        assert_eq!(all_files(&api.world.files()), 1);
    }
}

on_both! {
    async fn the_parts_are_of_their_form(api: Api) {
        let case = api.assigned(Place::CenterA).await;
        let before = api.traces();
        let long = "长".repeat(1001);
        for (texts, status, code, pointer) in [
            (&[][..], 422, "validation_failed", "#/purpose"),
            (&[("purpose", "pleasure")], 422, "validation_failed", "#/purpose"),
            (&[("purpose", "draft"), ("note", " ")], 422, "validation_failed", "#/note"),
            (&[("purpose", "draft"), ("note", &long)], 422, "validation_failed", "#/note"),
            (&[("purpose", "draft"), ("purpose", "draft")], 400, "malformed_request", ""),
            (&[("purpose", "draft"), ("else", "x")], 400, "malformed_request", ""),
        ] {
            let body = body(texts, "a.pdf", PDF);
            let answer = api.send(request(&api, Who::OfficerA, &case, body).await).await;
            assert_eq!(answer.verdict(), (status, code.to_owned()), "{texts:?}");
            assert_eq!(answer.json()["errors"][0]["pointer"].as_str().unwrap_or_default(), pointer);
        }
        let mut behind = body(&[("purpose", "draft")], "a.pdf", PDF);
        behind.truncate(behind.len() - 4);
        behind.extend(b"\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nx\r\n");
        behind.extend(format!("--{BOUNDARY}--\r\n").bytes());
        let answer = api.send(request(&api, Who::OfficerA, &case, behind).await).await;
        assert_eq!(answer.verdict(), (400, "malformed_request".to_owned()));
        let json = api.act(Who::OfficerA, &case, "attachments", &json!({ "purpose": "draft" })).await;
        assert_eq!(json.verdict(), (415, "unsupported_media_type".to_owned()));
        assert_eq!(json.header("accept-post"), Some("multipart/form-data"));
        assert_eq!(api.traces(), before);
        assert_eq!(all_files(&api.world.files()), 0);
    }
}

on_both! {
    async fn a_file_of_another_units_case_is_404(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        let file = attached(&api, &mut case, "draft", "a.pdf", PDF).await;
        let own = file["links"]["self"].as_str().expect("an address");
        let none = (404, "not_found".to_owned());
        let before = api.traces();
        for path in [own, content_of(&file), &format!("{}/attachments", path_of(&case))] {
            assert_eq!(api.get(Who::OfficerB, path).await.verdict(), none, "{path}");
            assert_eq!(api.get(Who::OfficerA, path).await.status, 200, "{path}");
        }
        let body = body(&[("purpose", "draft")], "a.pdf", PDF);
        let answer = api.send(request(&api, Who::OfficerB, &case, body).await).await;
        assert_eq!(answer.verdict(), none);
        let detach = json!({ "attachment_id": file["id"], "reason": "误传" });
        assert_eq!(api.act(Who::OfficerB, &case, "detach", &detach).await.verdict(), none);
        // A file of one case does not exist within another.
        let other = api.assigned(Place::CenterA).await;
        let wrong = format!("{}/attachments/{}/content", path_of(&other), file["id"].as_str().expect("an id"));
        assert_eq!(api.get(Who::OfficerA, &wrong).await.verdict(), none);
        assert_eq!(api.act(Who::OfficerA, &other, "detach", &detach).await.verdict(), (409, "no_attachment".to_owned()));
        let draft = json!({ "decision": "disclose", "provided": "一份", "file_ids": [file["id"]] });
        assert_eq!(api.act(Who::OfficerA, &other, "draft-answer", &draft).await.verdict(), (422, "file_unknown".to_owned()));
        assert_eq!(api.traces()[1], before[1] + 3, "the other case's own three entries");
        assert_eq!(all_files(&api.world.files()), 1);
    }
}

on_both! {
    async fn a_masked_reader_sees_what_is_to_be_provided_only(api: Api) {
        let mut case = api.assigned(Place::CenterA).await;
        let draft = attached(&api, &mut case, "draft", "标准.pdf", PDF).await;
        let proof = attached(&api, &mut case, "service_proof", "张三回证.pdf", PDF).await;
        let list = api.get(Who::Supervisor, &format!("{}/attachments", path_of(&case))).await.json();
        assert_eq!(list["items"][0]["name"], "标准.pdf");
        assert_eq!(list["items"][1]["name"], "*.pdf");
        assert_eq!(api.get(Who::Supervisor, content_of(&draft)).await.status, 200);
        let refused = api.get(Who::Supervisor, content_of(&proof)).await;
        assert_eq!(refused.verdict(), (403, "role_not_permitted".to_owned()));
        assert_eq!(api.get(Who::Legal, content_of(&proof)).await.status, 200);
    }
}
