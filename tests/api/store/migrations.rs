//! Migrations go up, down and up again, and two processes may run them at once.

use std::sync::Barrier;

use gongkai::store::dialect::{migrate_down, migrate_up, pending_migrations};

use super::catalogue;
use crate::support::databases::{Backend, TestDatabase};
use crate::support::on_both;

on_both!(up_down_up_leaves_the_same_schema);
async fn up_down_up_leaves_the_same_schema(db: TestDatabase) {
    let conn = &mut db.connect();
    let all = pending_migrations(conn).unwrap();
    assert!(!all.is_empty());
    let applied = migrate_up(conn).unwrap();
    assert_eq!(applied.len(), all.len());
    assert!(pending_migrations(conn).unwrap().is_empty());
    let first = catalogue::read(&db);

    for _ in &all {
        migrate_down(conn).unwrap();
    }
    assert_eq!(pending_migrations(conn).unwrap(), all);
    assert!(catalogue::read(&db).is_empty(), "something was left behind");
    assert_eq!(migrate_down(conn).unwrap(), None, "there was nothing left to take back");

    migrate_up(conn).unwrap();
    assert_eq!(catalogue::read(&db), first);
    assert_eq!(migrate_up(conn).unwrap(), Vec::<String>::new(), "done twice");
}

on_both!(eight_processes_that_start_at_once_migrate_once);
async fn eight_processes_that_start_at_once_migrate_once(db: TestDatabase) {
    let start = Barrier::new(8);
    let applied: Vec<usize> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    migrate_up(&mut db.connect()).map(|names| names.len())
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    let conn = &mut db.connect();
    assert!(pending_migrations(conn).unwrap().is_empty());
    assert_eq!(applied.iter().filter(|count| **count > 0).count(), 1, "{applied:?}");
}

/// The embedded database is made by whoever comes first, and nobody is turned away.
#[test]
fn a_new_file_may_be_opened_by_many_at_once() {
    for _ in 0..20 {
        let db = TestDatabase::empty(Backend::Sqlite);
        let start = Barrier::new(16);
        let open = || {
            start.wait();
            db.url().connect().and_then(|mut conn| migrate_up(&mut conn)).map(drop)
        };
        let opened: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(open)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(opened.iter().all(Result::is_ok), "{opened:?}");
    }
}
