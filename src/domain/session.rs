//! Sessions of members of staff: how long they live and how they end.

use super::text_enum::text_enum;

/// Hours after which a session is over whatever was done in it: one working day.
pub const SESSION_HOURS: i64 = 12;

/// Minutes for which a one-time link lets its holder in.
pub const LINK_MINUTES: i64 = 30;

text_enum! {
    /// Why a session is over before its time.
    pub enum EndCause in "end_cause" {
        LoggedOut = "logged_out" : "本人退出" / "logged out",
        Ended = "ended" : "被终止" / "ended from another session",
        RefreshTokenReused = "refresh_token_reused" : "刷新令牌被重复使用" / "a refresh token was used twice",
    }
}

text_enum! {
    /// What a one-time link is for.
    pub enum LinkPurpose in "link_purpose" {
        SetUp = "set_up" : "初始设置" / "the first administrator sets the system up",
        SetPassword = "set_password" : "设置密码" / "a user chooses his password",
    }
}
