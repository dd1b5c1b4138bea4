//! A text in both languages of the product, kept as a pair until it is known who reads it.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::regulation::Bilingual;

/// A language in which the product speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Chinese, the language of the procedure.
    #[default]
    Chinese,
    /// English.
    English,
}

impl Language {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// The tag (RFC 5646), as in `Content-Language`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

/// One text, said in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    zh: Cow<'static, str>,
    en: Cow<'static, str>,
}

impl Said {
    /// A fixed text.
    #[must_use]
    pub const fn of(zh: &'static str, en: &'static str) -> Self {
        Self { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
    }

    /// A text with particulars in it.
    #[must_use]
    pub fn new(zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// What has no words in it and reads alike in both languages: a date, a number, a code.
    #[must_use]
    pub fn neutral(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self { zh: text.clone(), en: text }
    }

    /// That one day is before another, as a particular of a refusal.
    #[must_use]
    pub fn before(day: NaiveDate, other: NaiveDate) -> Self {
        Self::new(format!("{day} 早于 {other}"), format!("{day} is before {other}"))
    }

    /// The text in a language.
    #[must_use]
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Chinese => &self.zh,
            Language::English => &self.en,
        }
    }

    /// The text in a language, taken out.
    #[must_use]
    pub fn into_text(self, language: Language) -> String {
        match language {
            Language::Chinese => self.zh.into_owned(),
            Language::English => self.en.into_owned(),
        }
    }

    /// The text with particulars in brackets after it.
    #[must_use]
    pub fn with(&self, more: &Self) -> Self {
        let (sentence, stop) = match self.en.strip_suffix('.') {
            Some(sentence) => (sentence, "."),
            None => (self.en.as_ref(), ""),
        };
        Self::new(format!("{}({})", self.zh, more.zh), format!("{sentence} ({}){stop}", more.en))
    }
}

impl Said {
    /// The text with the article on which it rests in square brackets after it.
    #[must_use]
    pub fn by(&self, article: &str) -> Self {
        Self::new(
            format!("{}[{}]", self.zh, citation(article, Language::Chinese)),
            format!("{} [{}]", self.en, citation(article, Language::English)),
        )
    }
}

impl From<Bilingual> for Said {
    fn from(text: Bilingual) -> Self {
        Self::new(text.zh, text.en)
    }
}

/// An article as this language cites it. The source writes `2019 art. 33; 2007 art. 24`, `SPC11 art. 5`
/// for the interpretation of the Supreme People's Court of 2011, and `notice 2015-207` for
/// 国办公开办函〔2015〕207号. What is written in Chinese stays as it is.
#[must_use]
pub fn citation(article: &str, language: Language) -> String {
    match language {
        Language::English => article.to_owned(),
        Language::Chinese => {
            let parts: Vec<String> = article.split("; ").map(in_chinese).collect();
            parts.join(";")
        }
    }
}

fn in_chinese(source: &str) -> String {
    if let Some((text, article)) = source.split_once(" art. ") {
        let articles: Vec<String> = article.split(", ").map(article_in_chinese).collect();
        let text = match text {
            "SPC11" => "最高人民法院关于审理政府信息公开行政案件若干问题的规定(2011年)".to_owned(),
            year => format!("{year}年条例"),
        };
        return format!("{text}{}", articles.join("、"));
    }
    match source.strip_prefix("notice ").and_then(|number| number.split_once('-')) {
        Some((year, number)) => format!("国办公开办函〔{year}〕{number}号"),
        None => source.to_owned(),
    }
}

/// `33` is an article, `36(6)` the sixth item (项) of one, `16 ¶2` its second paragraph (款).
fn article_in_chinese(article: &str) -> String {
    let number = |text: &str| text.parse().map_or_else(|_| text.to_owned(), numeral);
    if let Some((article, paragraph)) = article.split_once(" ¶") {
        return format!("第{}条第{}款", number(article), number(paragraph));
    }
    match article.strip_suffix(')').and_then(|article| article.split_once('(')) {
        Some((article, item)) => format!("第{}条第({})项", number(article), number(item)),
        None => format!("第{}条", number(article)),
    }
}

/// A number below a hundred in characters; a larger one in digits.
fn numeral(number: u8) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |at: u8| DIGITS.get(usize::from(at)).copied().unwrap_or_default();
    match number {
        0 | 100.. => number.to_string(),
        1..=9 => digit(number).to_owned(),
        10..=19 => format!("十{}", digit(number % 10)),
        20..=99 => format!("{}十{}", digit(number / 10), digit(number % 10)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_reads_in_both_languages() {
        let source = "2019 art. 33; 2007 art. 20; 2019 art. 10; notice 2015-207";
        assert_eq!(citation(source, Language::English), source);
        assert_eq!(
            citation(source, Language::Chinese),
            "2019年条例第三十三条;2007年条例第二十条;2019年条例第十条;国办公开办函〔2015〕207号"
        );
        let items = citation("2019 art. 36(6), 45; 2007 art. 21(4)", Language::Chinese);
        assert_eq!(items, "2019年条例第三十六条第(六)项、第四十五条;2007年条例第二十一条第(四)项");
        let parts = citation("2019 art. 36(3), 16 ¶2; SPC11 art. 5", Language::Chinese);
        let interpretation = "最高人民法院关于审理政府信息公开行政案件若干问题的规定(2011年)";
        let expected =
            format!("2019年条例第三十六条第(三)项、第十六条第二款;{interpretation}第五条");
        assert_eq!(parts, expected);
    }

    #[test]
    fn particulars_stand_in_brackets() {
        let text = Said::of("不行", "No.").with(&Said::neutral("3 > 2"));
        assert_eq!(text.text(Language::Chinese), "不行(3 > 2)");
        assert_eq!(text.into_text(Language::English), "No (3 > 2).");
    }
}
