//! A database remembers the key that sealed it.

use gongkai::store::vault::Vault;
use gongkai::store::{Error, Store};

use crate::support::databases::Backend;
use crate::support::databases::TestDatabase;
use crate::support::on_both;

on_both! {
    async fn another_secret_under_the_same_name_is_refused(backend: Backend) {
        let db = TestDatabase::migrated(backend);
        let right = Vault::from_secret("k1", &[7; 32]).unwrap();
        let wrong = Vault::from_secret("k1", &[8; 32]).unwrap();
        Store::check_key(db.url(), &right).unwrap();
        Store::check_key(db.url(), &right).unwrap();
        assert!(matches!(Store::check_key(db.url(), &wrong), Err(Error::WrongKey(id)) if id == "k1"));
        assert_eq!(db.number("SELECT count(*) FROM data_keys"), 1);
        // A key of another name is a new key, not a wrong one.
        Store::check_key(db.url(), &Vault::from_secret("k2", &[8; 32]).unwrap()).unwrap();
        Store::check_key(db.url(), &right).unwrap();
    }
}
