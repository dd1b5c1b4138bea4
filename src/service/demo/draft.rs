//! The answer that fits a topic, worded for one application.

use std::collections::BTreeMap;

use super::data::TopicGround;
use super::scene::Scene;
use crate::domain::case::{Explanation, GroundFacts, Particulars, SearchEntry};
use crate::domain::lifecycle::{GroundWording, Step, Wording};
use crate::domain::regulation::RuleSetId;

impl Scene<'_> {
    /// Drafts the topic's answer, or, for an application that repeats another, refers to that.
    pub(super) fn draft(&self) -> Step {
        let earlier = self.earlier.as_ref().and_then(|earlier| earlier.number.clone());
        let (decision, particulars) = match earlier {
            Some(number) => ("repeat".to_owned(), repetition(number)),
            None => (self.topic.decision.clone(), self.particulars()),
        };
        let wording = Wording {
            grounds: if decision == self.topic.decision { self.grounds() } else { Vec::new() },
            decision,
            particulars,
            carrier: Some(self.row.carrier),
            delivery: Some(self.row.delivery),
            file_ids: Vec::new(),
            paragraph_ids: Vec::new(),
        };
        Step::DraftAnswer { wording: Box::new(wording) }
    }

    fn grounds(&self) -> Vec<GroundWording> {
        let ground = |ground: &TopicGround| GroundWording {
            decision: ground.decision.clone(),
            facts: GroundFacts {
                about: self.row.fill(&ground.about),
                reasons: ground.reasons.clone(),
                article: self.article(ground.article.as_ref()),
                consultation_result: ground.consultation_result.clone(),
                ..GroundFacts::default()
            },
        };
        self.topic.grounds.iter().map(ground).collect()
    }

    /// The article for the text that governs the case.
    fn article(&self, by_text: Option<&BTreeMap<RuleSetId, String>>) -> Option<String> {
        by_text.and_then(|by_text| by_text.get(&self.rule_set()).cloned())
    }

    fn particulars(&self) -> Particulars {
        let topic = self.topic;
        let fill = |text: Option<&String>| text.map(|text| self.row.fill(text));
        Particulars {
            reasons: fill(topic.reasons.as_ref()),
            article: self.article(topic.article.as_ref()),
            harm: fill(topic.harm.as_ref()),
            search_log: self.searches(),
            provided: fill(topic.provided.as_ref()),
            how_to_obtain: fill(topic.how_to_obtain.as_ref()),
            right_organ: fill(topic.right_organ.as_ref()),
            earlier_case_number: None,
            consultation_result: fill(topic.consultation_result.as_ref()),
            channel_pointer: fill(topic.channel_pointer.as_ref()),
            publication_source: fill(topic.publication_source.as_ref()),
            basis_law: fill(topic.basis_law.as_ref()),
            earlier_answered_on: None,
            explanation: topic
                .explained
                .then_some(Explanation { number: None, asked_on: self.arrival }),
            conclusion: fill(topic.conclusion.as_ref()),
        }
    }

    fn searches(&self) -> Vec<SearchEntry> {
        let search = self.topic.search.iter();
        search
            .map(|search| SearchEntry {
                searcher: "档案管理人员".to_owned(),
                system: search.system.clone(),
                keywords: self.row.fill(&search.keywords),
                searched_on: self.day(),
                result: None,
            })
            .collect()
    }
}

fn repetition(number: String) -> Particulars {
    let reasons = "申请人就同一内容重复提出申请,本机关已作出答复,不再重复处理。";
    Particulars {
        reasons: Some(reasons.to_owned()),
        earlier_case_number: Some(number),
        ..Particulars::default()
    }
}
