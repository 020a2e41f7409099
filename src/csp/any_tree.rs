//! Random trees, and what holds for every one of them.

use proptest::prelude::{Strategy, any, prop};

use crate::csp::{
    document::Document, element::Element, envelope::Message, primitive::Primitive, version::Version,
};

/// Names that steer readers, mixed with some that do not.
fn names() -> impl Strategy<Value = String> {
    let words = "WV-CSP-Message Session SessionDescriptor SessionType SessionID Transaction \
        TransactionDescriptor TransactionMode TransactionID TransactionContent Poll CIR Result \
        Code DetailedResult User UserID Group GroupID ScreenName SName ContactList NickList \
        NickName Name AddNickList RemoveNickList ContactListProperties Property Value \
        PresenceSubList OnlineStatus Qualifier PresenceValue CommCap CommC Cap Presence \
        MessageInfo ContentData Recipient Sender DateTime Functions WVCSPFeat IMFeat NEWM \
        CapabilityList SupportedCIRMethod CIRURL URL BlockList InUse AddList SearchPairList \
        SearchElement SearchString VersionList SessionNSName é x";
    let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
    let primitives = Primitive::NAMES.iter().map(|name| (*name).to_owned());
    prop::sample::select(words.into_iter().chain(primitives).collect::<Vec<_>>())
}

fn elements() -> impl Strategy<Value = Element> {
    let leaf = (names(), "(T|F|200|wv:a/b@c|20010925T1340Z|\\PC{0,8})")
        .prop_map(|(name, text)| Element::with_text(name.as_str(), text));
    leaf.prop_recursive(6, 64, 6, |inner| {
        (names(), prop::collection::vec(inner, 0..6)).prop_map(|(name, children)| {
            children.into_iter().fold(Element::new(name.as_str()), Element::child_element)
        })
    })
}

proptest::proptest! {
    #[test]
    fn reading_any_tree_never_panics(root in elements(), at in 0..3usize) {
        let version = Version::ALL[at];
        if let Ok(primitive) = Primitive::read(&root, version) {
            let _ = primitive.write(version);
        }
        if let Ok(message) = Message::read(&Document { version, root }) {
            let _ = message.write();
        }
    }

    #[test]
    fn what_is_written_is_read_and_written_alike(
        name in prop::sample::select(Primitive::NAMES),
        content in prop::collection::vec(elements(), 0..8),
        at in 0..3usize,
        later in any::<bool>(),
    ) {
        let version = Version::ALL[at];
        let root = content.into_iter().fold(Element::new(name), Element::child_element);
        if let Ok(primitive) = Primitive::read(&root, version) {
            let version = if later { Version::V1_3 } else { version };
            let written = primitive.write(version);
            let again = Primitive::read(&written, version).expect("it is our own writing");
            proptest::prop_assert_eq!(again.write(version), written);
        }
    }
}
