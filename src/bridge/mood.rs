//! Moods: eleven words of phones, over eighty of the network (XEP-0107).

use crate::{bridge::bounded, domain::personal::Mood, xmpp::mood::Mood as Published};

/// The network's words, each with the word of phones that comes nearest.
// spec: XEP-0107 §3
const WORDS: &[(&str, &[&str])] = &[
    (
        "HAPPY",
        &[
            "happy",
            "amazed",
            "calm",
            "contented",
            "grateful",
            "hopeful",
            "impressed",
            "lucky",
            "playful",
            "proud",
            "relaxed",
            "relieved",
            "satisfied",
            "thankful",
        ],
    ),
    (
        "SAD",
        &[
            "sad",
            "dejected",
            "depressed",
            "disappointed",
            "dismayed",
            "grieving",
            "hurt",
            "lonely",
            "moody",
            "sick",
            "weak",
        ],
    ),
    (
        "ANGRY",
        &[
            "angry",
            "annoyed",
            "cranky",
            "disgusted",
            "frustrated",
            "grumpy",
            "indignant",
            "mean",
            "offended",
            "outraged",
            "sarcastic",
        ],
    ),
    ("JEALOUS", &["jealous", "envious"]),
    (
        "ASHAMED",
        &["ashamed", "embarrassed", "guilty", "humbled", "humiliated", "remorseful", "shy"],
    ),
    ("INVINCIBLE", &["invincible", "brave", "confident", "strong"]),
    ("IN_LOVE", &["in_love", "amorous", "flirtatious"]),
    ("SLEEPY", &["sleepy", "intoxicated", "tired"]),
    ("BORED", &["bored", "cold", "contemplative", "distracted", "neutral", "serious"]),
    (
        "EXCITED",
        &[
            "excited",
            "aroused",
            "crazy",
            "creative",
            "curious",
            "hot",
            "in_awe",
            "interested",
            "spontaneous",
            "surprised",
        ],
    ),
    (
        "ANXIOUS",
        &[
            "anxious", "afraid", "cautious", "confused", "hungry", "lost", "nervous", "restless",
            "shocked", "stressed", "thirsty", "worried",
        ],
    ),
];

/// The network's word for a mood that it has no word for.
const UNDEFINED: &str = "undefined";

/// Characters of a word.
const MAX_WORD: usize = 32;

/// Returns the word that a phone is shown; what the network has no word for stays as it came.
pub fn to_phone(mood: &Mood) -> Option<String> {
    if mood.word == UNDEFINED {
        return None;
    }
    let nearest = WORDS.iter().find(|(_, words)| words.contains(&mood.word.as_str()));
    Some(nearest.map_or_else(|| mood.word.to_uppercase(), |(word, _)| (*word).to_owned()))
}

/// Returns what a phone means by a word.
pub fn of_phone(word: &str) -> Option<Mood> {
    let word = word.trim();
    let is_word = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_one = !word.is_empty() && word.len() <= MAX_WORD && word.chars().all(is_word);
    is_one.then(|| Mood { word: word.to_lowercase(), text: None })
}

/// Returns a mood for the network.
pub fn to_network(mood: &Mood) -> Published {
    match is_published(&mood.word) {
        true => Published { name: mood.word.clone(), text: mood.text.clone() },
        false => {
            let text = mood.text.clone().or_else(|| Some(mood.word.clone()));
            Published { name: UNDEFINED.to_owned(), text }
        }
    }
}

/// Returns what somebody of the network means.
pub fn of_network(mood: &Published) -> Mood {
    let word = if is_published(&mood.name) { &mood.name } else { UNDEFINED };
    let text = bounded::some(mood.text.as_deref(), bounded::SENTENCE);
    Mood { word: word.to_owned(), text }
}

fn is_published(word: &str) -> bool {
    word == UNDEFINED || WORDS.iter().any(|(_, words)| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XEP-0107 §3 in its own order.
    const ALL: &str = "afraid amazed angry amorous annoyed anxious aroused ashamed bored brave \
        calm cautious cold confident confused contemplative contented cranky crazy creative \
        curious dejected depressed disappointed disgusted dismayed distracted embarrassed envious \
        excited flirtatious frustrated grateful grieving grumpy guilty happy hopeful hot humbled \
        humiliated hungry hurt impressed in_awe in_love indignant interested intoxicated \
        invincible jealous lonely lost lucky mean moody nervous neutral offended outraged playful \
        proud relaxed relieved remorseful restless sad sarcastic satisfied serious shocked shy \
        sick sleepy spontaneous stressed strong surprised thankful thirsty tired undefined weak \
        worried";

    #[test]
    fn every_mood_of_the_network_has_one_nearest_word_of_phones() {
        let listed: Vec<&str> = WORDS.iter().flat_map(|(_, words)| words.iter().copied()).collect();
        for word in ALL.split_whitespace().filter(|word| *word != UNDEFINED) {
            let times = listed.iter().filter(|listed| **listed == word).count();
            assert_eq!(times, 1, "{word}");
        }
        assert_eq!(listed.len() + 1, ALL.split_whitespace().count());
        assert_eq!(WORDS.len(), 11);
    }

    #[test]
    fn a_word_of_phones_goes_to_the_network_and_back_as_itself() {
        for (word, _) in WORDS {
            let mood = of_phone(word).unwrap();
            assert_eq!(mood.word, word.to_lowercase());
            let published = to_network(&mood);
            assert_eq!(published.name, mood.word);
            assert_eq!(to_phone(&of_network(&published)).as_deref(), Some(*word));
        }
    }

    #[test]
    fn words_that_only_one_side_has_are_not_lost() {
        let cool = of_phone("COOL").unwrap();
        let published = to_network(&cool);
        assert_eq!((published.name.as_str(), published.text.as_deref()), (UNDEFINED, Some("cool")));
        assert_eq!(to_phone(&cool).as_deref(), Some("COOL"));
        let odd = Published { name: "ecstatic".into(), text: Some("why".into()) };
        let kept = of_network(&odd);
        assert_eq!((kept.word.as_str(), kept.text.as_deref()), (UNDEFINED, Some("why")));
        assert_eq!(to_phone(&kept), None);
        for bad in ["", "<x/>", "a b", &"x".repeat(100)] {
            assert_eq!(of_phone(bad), None, "{bad}");
        }
    }
}
