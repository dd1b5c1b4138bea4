//! The migrations are compiled in: a new or changed one must compile the crate anew.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
