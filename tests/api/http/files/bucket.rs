//! Files in a bucket, against a stand-in that speaks S3 (tests/api/support/bucket.rs): the same as in a
//! folder, and what happens when the store fails.

use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use gongkai::config::files::bucket::{Bucket, BucketKeys, SecretText};
use gongkai::config::{FilePlace, Settings};
use gongkai::domain::case::Case;
use gongkai::domain::ids::CaseId;
use gongkai::service::files::{Swept, lost, sweep};
use serde_json::{Value, json};

use super::{PDF, attached, content_of, upload};
use crate::support::bucket::{self, ACCESS, Failing, REGION, SECRET};
use crate::support::client::Api;
use crate::support::databases::Backend;
use crate::support::on_both;
use crate::support::world::{Place, Who, World};

/// The name of a bucket for the world that would have had its files in this folder.
fn name_of(folder: &Path) -> String {
    let path = folder.to_str().expect("a path");
    let sum = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, path.as_bytes());
    format!("files-{}", &gongkai::domain::hex::encode(sum.as_ref())[..40])
}

fn in_a_bucket(settings: &mut Settings) {
    let folder = settings.files.folder().expect("a folder");
    let address = format!("{}?region={REGION}&endpoint={}", name_of(folder), bucket::endpoint());
    let mut bucket = Bucket::parse(&address).expect("a bucket");
    bucket.keys =
        BucketKeys { access: ACCESS.to_owned(), secret: SecretText::new(SECRET.to_owned()) };
    bucket.patience = Duration::from_secs(2);
    settings.files.spool = settings.files.folder().map(|folder| folder.join("spool"));
    settings.files.place = Some(FilePlace::Bucket(bucket));
}

fn with_another_key(settings: &mut Settings) {
    in_a_bucket(settings);
    if let Some(FilePlace::Bucket(bucket)) = &mut settings.files.place {
        bucket.keys.secret = SecretText::new("another".to_owned());
    }
}

/// An API whose files are in a bucket, and the bucket's name.
async fn api(backend: Backend, change: fn(&mut Settings)) -> (Api, String) {
    let api = Api::on(World::with_settings(backend, change).await).await;
    let name = name_of(&api.world.files());
    (api, name)
}

/// The whole of a file as the store gives it, or that it could not be had.
async fn read(api: &Api, case: &Value) -> Option<Vec<u8>> {
    let id = CaseId(case["id"].as_str().expect("an id").parse().expect("an id"));
    let scope = gongkai::domain::actor::CaseScope::All;
    let found: std::sync::Arc<Case> =
        api.world.app.store.case(&scope, id).await.expect("a store").expect("a case");
    let file = found.record.attachments.last().expect("a file");
    let pieces = api.world.app.files.read(file, None).await.ok()?;
    let pieces: Vec<_> = pieces.try_collect().await.ok()?;
    Some(pieces.concat())
}

on_both!(a_bucket_does_what_a_folder_does);
async fn a_bucket_does_what_a_folder_does(backend: Backend) {
    let (api, bucket) = api(backend, in_a_bucket).await;
    let mut case = api.assigned(Place::CenterA).await;
    let small = attached(&api, &mut case, "draft", "a.pdf", PDF).await;
    // Of more than one part.
    let mut large = PDF[..PDF.len() - 6].to_vec();
    large.resize(11 * 1024 * 1024, b'x');
    large.extend(b"%%EOF\n");
    let file = attached(&api, &mut case, "draft", "b.pdf", &large).await;
    assert_eq!(bucket::with(&bucket, |bucket| bucket.objects.len()), 2);
    let lengths = bucket::with(&bucket, |bucket| {
        bucket.objects.values().map(Vec::len).collect::<std::collections::BTreeSet<_>>()
    });
    assert_eq!(lengths, [PDF.len(), large.len()].into());
    assert_eq!(api.get(Who::OfficerA, content_of(&small)).await.bytes, PDF);
    assert!(api.get(Who::OfficerA, content_of(&file)).await.bytes == large);
    let part = api.request(Who::OfficerA, actix_web::http::Method::GET, content_of(&small)).await;
    let part = api.send(part.insert_header(("range", "bytes=1-3"))).await;
    assert_eq!((part.status.as_u16(), part.text.as_str()), (206, "PDF"));
    // What belongs to nothing goes; what is no object of ours stays.
    bucket::with(&bucket, |bucket| {
        let orphan = "ab".repeat(16);
        bucket.objects.insert(format!("ab/{orphan}"), b"x".to_vec());
        bucket.objects.insert("README".to_owned(), b"x".to_vec());
    });
    let swept = sweep(&api.world.app, api.world.now()).await.expect("a sweep");
    assert_eq!(swept, Swept { objects: 1, unfinished: 0 });
    assert_eq!(bucket::with(&bucket, |bucket| bucket.objects.len()), 3);
    let mut gone = Vec::new();
    let all = lost(&api.world.app, |one| gone.push(one.found)).await.expect("a look");
    assert_eq!((all, gone), (2, vec![]));
    assert_eq!(bucket::with(&bucket, |bucket| bucket.unsigned), 0, "every request is signed");
}

on_both!(a_wrong_key_opens_nothing);
async fn a_wrong_key_opens_nothing(backend: Backend) {
    let (api, bucket) = api(backend, with_another_key).await;
    let case = api.assigned(Place::CenterA).await;
    let before = api.traces();
    let refused = upload(&api, &case, "draft", "a.pdf", PDF).await;
    assert_eq!(refused.verdict(), (503, "files_unavailable".to_owned()));
    assert_eq!(api.traces(), before);
    assert!(bucket::with(&bucket, |bucket| bucket.unsigned > 0 && bucket.objects.is_empty()));
}

on_both!(a_store_that_fails_leaves_nothing_half_done);
async fn a_store_that_fails_leaves_nothing_half_done(backend: Backend) {
    let (api, bucket) = api(backend, in_a_bucket).await;
    let failing = |how: Failing| bucket::with(&bucket, |bucket| bucket.failing = how);
    let mut case = api.assigned(Place::CenterA).await;
    let before = api.traces();
    for how in [Failing::Errors(100), Failing::Silent] {
        failing(how);
        let refused = upload(&api, &case, "draft", "a.pdf", PDF).await;
        assert_eq!(refused.verdict(), (503, "files_unavailable".to_owned()), "{how:?}");
        assert_eq!(api.traces(), before, "{how:?}");
    }
    // What passes by itself is tried again.
    failing(Failing::Errors(1));
    attached(&api, &mut case, "draft", "a.pdf", PDF).await;
    assert_eq!(read(&api, &case).await.as_deref(), Some(PDF));
    for how in [Failing::BrokenOff, Failing::Altered, Failing::Errors(100), Failing::Silent] {
        failing(how);
        assert_eq!(read(&api, &case).await, None, "{how:?}");
    }
    failing(Failing::Not);
    assert_eq!(read(&api, &case).await.as_deref(), Some(PDF));
    let gone = bucket::with(&bucket, |bucket| std::mem::take(&mut bucket.objects));
    assert_eq!(gone.len(), 1);
    let path = format!("/api/v1/cases/{}/attachments", case["id"].as_str().expect("an id"));
    let list = api.get(Who::OfficerA, &path).await.json();
    let missing = api.get(Who::OfficerA, content_of(&list["items"][0])).await;
    assert_eq!(missing.verdict(), (503, "files_unavailable".to_owned()));
    assert_eq!(list["items"][0]["size"], json!(PDF.len()));
}
