//! stub
pub fn lifecycle() -> String {
    String::new()
}
pub fn permissions() -> String {
    String::new()
}
