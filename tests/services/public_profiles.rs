//! Public profiles: told, asked for, found by; and who learns nothing.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

use onesoup::{
    csp::{
        address::UserAddress,
        contact_list::Property,
        outcome::StatusResult,
        primitive::Primitive,
        public_profile::{
            GetPublicProfileRequest, GetPublicProfileResponse, UpdatePublicProfileRequest,
        },
        search::{SearchElement, SearchPair, SearchRequest, SearchResponse, StopSearchRequest},
        status::Code,
    },
    domain::public_profile::{Criterion, Entry, Fact, PublicProfile},
    services::outbox::LinkEvent,
    store::write::Write,
    xmpp::{
        condition::Condition,
        iq::{Iq, IqKind, Query},
        ns,
        payload::Payload,
        stanza::Stanza,
        vcard::VCard,
    },
};

use tokio::task::JoinSet;

use crate::world::{Phone, World, jid};

async fn tell(phone: &Phone, clear: bool, properties: &[(&str, &str)]) -> Code {
    let properties = properties.iter().map(|(name, value)| Property::new(name, value)).collect();
    let request = UpdatePublicProfileRequest { clear, properties };
    code(phone.request(Primitive::UpdatePublicProfileRequest(request)).await)
}

fn code(answer: Primitive) -> Code {
    let Primitive::Status(status) = answer else { panic!("{answer:?}") };
    status.result.code
}

/// Asks for the profiles of some people; returns the outcome, and what is told of whom.
async fn ask(phone: &Phone, users: &[&str]) -> (StatusResult, Vec<String>) {
    let users = users.iter().map(|user| UserAddress::parse(user)).collect();
    let request = GetPublicProfileRequest { users };
    let answer = phone.request(Primitive::GetPublicProfileRequest(request)).await;
    let Primitive::GetPublicProfileResponse(GetPublicProfileResponse { result, profiles }) = answer
    else {
        panic!("{answer:?}")
    };
    let told = profiles.iter().map(|profile| {
        let facts = profile.properties.iter().map(|it| format!(" {}={}", it.name, it.value));
        format!("{}{}", profile.user.as_written(), facts.collect::<String>())
    });
    (result, told.collect())
}

fn pair(element: SearchElement, text: &str) -> SearchPair {
    SearchPair { element, text: text.into() }
}

async fn search(phone: &Phone, pairs: Vec<SearchPair>, limit: Option<u32>) -> SearchResponse {
    let request = SearchRequest::First { pairs, limit };
    found(phone.request(Primitive::SearchRequest(request)).await)
}

fn found(answer: Primitive) -> SearchResponse {
    let Primitive::SearchResponse(response) = answer else { panic!("{answer:?}") };
    response
}

fn names(response: &SearchResponse) -> Vec<&str> {
    response.users.iter().map(UserAddress::user).collect()
}

#[tokio::test]
async fn a_user_tells_everybody_and_takes_it_back() {
    let world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    assert_eq!(tell(&kim, false, &[("PP_CITY", "Turku"), ("PP_AGE", "36")]).await, Code::OK);
    assert_eq!(ask(&kim, &[]).await.1, ["wv:kim PP_CITY=Turku PP_AGE=36"]);
    assert_eq!(ask(&lee, &["wv:Kim"]).await.1, ["wv:Kim PP_CITY=Turku PP_AGE=36"]);
    // What cannot be is left out, the rest counts.
    let odd = [("PP_SHOE_SIZE", "42"), ("PP_COUNTRY", "FI"), ("PP_CITY", "")];
    assert_eq!(tell(&kim, false, &odd).await, Code::BAD_USER_PROPERTY);
    assert_eq!(ask(&lee, &["wv:kim"]).await.1, ["wv:kim PP_COUNTRY=FI PP_AGE=36"]);
    assert_eq!(tell(&kim, true, &[("PP_CITY", "Oslo")]).await, Code::OK);
    assert_eq!(ask(&lee, &["wv:kim"]).await.1, ["wv:kim PP_CITY=Oslo"]);
    assert_eq!(tell(&kim, true, &[]).await, Code::OK);
    assert_eq!(ask(&lee, &["wv:kim"]).await.0.code, Code::UNKNOWN_USER);
    assert_eq!(ask(&kim, &[]).await.1, ["wv:kim"]);
}

#[tokio::test]
async fn of_several_people_those_are_named_of_whom_nothing_is_told() {
    let world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    world.account("quiet").await;
    tell(&kim, false, &[("PP_CITY", "Turku")]).await;
    // Who tells nothing is told from nobody by those only who see it.
    let (result, told) = ask(&lee, &["wv:kim", "wv:quiet", "wv:nobody", "wv:lee"]).await;
    assert_eq!(told, ["wv:kim PP_CITY=Turku", "wv:lee"]);
    assert_eq!(result.code, Code::PARTIAL);
    let [detail] = result.detailed.as_slice() else { panic!("{result:?}") };
    assert_eq!(detail.code, Code::UNKNOWN_USER);
    let named: Vec<&str> = detail.users.iter().map(UserAddress::user).collect();
    assert_eq!(named, ["quiet", "nobody"]);
    // Without the network nobody elsewhere can be asked.
    assert_eq!(ask(&lee, &["wv:ann@far.test"]).await.0.code, Code::UNAVAILABLE);
}

#[tokio::test]
async fn who_is_blocked_neither_reads_nor_finds_a_profile() {
    let world = World::new().await;
    let (kim, lee) = (world.phone("kim").await, world.phone("lee").await);
    tell(&kim, false, &[("PP_CITY", "Turku")]).await;
    let city = || vec![pair(SearchElement::City, "turku")];
    assert_eq!(names(&search(&lee, city(), None).await), ["kim"]);
    kim.block(&["wv:lee"], &[]).await;
    assert_eq!(ask(&lee, &["wv:kim"]).await.0, StatusResult::new(Code::UNKNOWN_USER));
    assert_eq!(search(&lee, city(), None).await.findings, 0);
    kim.block(&[], &["wv:lee"]).await;
    assert_eq!(ask(&lee, &["wv:kim"]).await.0.code, Code::OK);
}

#[tokio::test]
async fn people_are_found_by_what_they_made_public_page_by_page() {
    let world = World::new().await;
    let kim = world.phone("kim").await;
    for number in 0..5 {
        let phone = world.phone(&format!("amy{number}")).await;
        let name = format!("Amy Number{number}");
        let told = [("PP_FRIENDLY_NAME", name.as_str()), ("PP_AGE", "30"), ("PP_CITY", "Åbo")];
        tell(&phone, false, &told).await;
    }
    world.phone("amy9").await;
    let page = search(&kim, vec![pair(SearchElement::FirstName, "AMY")], Some(2)).await;
    assert_eq!(names(&page), ["amy0", "amy1"]);
    assert_eq!((page.findings, page.is_complete, page.index), (5, false, Some(3)));
    let id = page.id.expect("a number");
    assert!(id.parse::<u32>().is_ok());
    let next = async |index| {
        let request = SearchRequest::Next { id: id.clone(), index };
        kim.request(Primitive::SearchRequest(request)).await
    };
    let page = found(next(Some(3)).await);
    assert_eq!((names(&page), page.index), (vec!["amy2", "amy3"], Some(5)));
    let page = found(next(Some(5)).await);
    assert_eq!((names(&page), page.is_complete, page.index), (vec!["amy4"], true, None));
    assert_eq!(code(next(Some(6)).await), Code::BAD_SEARCH_INDEX);
    let stop = StopSearchRequest { id: id.clone() };
    assert_eq!(code(kim.request(Primitive::StopSearchRequest(stop)).await), Code::OK);
    assert_eq!(code(next(Some(1)).await), Code::BAD_SEARCH_ID);

    let last = pair(SearchElement::LastName, "number3");
    let page = search(&kim, vec![last.clone(), pair(SearchElement::City, "åbo")], Some(2)).await;
    assert_eq!((names(&page), page.is_complete, &page.id), (vec!["amy3"], true, &None));
    // All must hold, also what nobody is found by.
    for never in [pair(SearchElement::AgeMin, "31"), pair(SearchElement::OnlineStatus, "T")] {
        assert_eq!(search(&kim, vec![last.clone(), never], None).await.findings, 0);
    }
    // By its exact name anybody is found, as anybody may write to it.
    assert_eq!(
        names(&search(&kim, vec![pair(SearchElement::UserId, "amy9")], None).await),
        ["amy9"]
    );
    // The same for whoever asks from elsewhere.
    let criteria = [Criterion::Text(Fact::City, "åbo".into()), Criterion::AgeTo(30)];
    let ann = onesoup::domain::address::Address::of("ann", "far.test");
    let found = world.services.found(&ann, &criteria, 3).await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(found[0].profile.city.as_deref(), Some("Åbo"));
    assert_eq!(world.services.found(&ann, &[], 3).await.unwrap(), []);
}

/// Returns what is answered to a question for a profile.
async fn card(world: &mut World, of: &str) -> IqKind {
    let query = Iq::get(jid("ann@far.test/x"), jid(of), of, Query::vcard());
    world.arrives(query).await;
    loop {
        if let Stanza::Iq(iq) = world.sent().await
            && iq.id == of
        {
            return iq.kind;
        }
    }
}

#[tokio::test]
async fn a_stranger_elsewhere_is_told_what_is_public_and_not_who_else_is_there() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let kim = world.phone("kim").await;
    world.account("quiet").await;
    let nobody = card(&mut world, "nobody@onesoup.test").await;
    assert!(matches!(nobody, IqKind::Error(_)));
    assert_eq!(card(&mut world, "quiet@onesoup.test").await, nobody);
    assert_eq!(card(&mut world, "kim@onesoup.test").await, nobody);
    tell(&kim, false, &[("PP_FRIENDLY_NAME", "Kim"), ("PP_CITY", "Turku")]).await;
    let told = card(&mut world, "kim@onesoup.test").await;
    let IqKind::Result(Some(told)) = told else { panic!("{told:?}") };
    let told = VCard::read(told.node());
    assert_eq!(told.nickname.as_deref(), Some("Kim"));
    assert_eq!(told.address.unwrap().locality.as_deref(), Some("Turku"));
    kim.block(&["wv:ann@far.test"], &[]).await;
    assert_eq!(card(&mut world, "kim@onesoup.test").await, nobody);
}

#[tokio::test]
async fn who_finds_more_than_a_stanza_holds_is_told_that() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    // Each is six letters long when it is written.
    let long = Some("\"".repeat(200));
    let profile = PublicProfile {
        friendly_name: long.clone(),
        city: long.clone(),
        country: long.clone(),
        gender: long.clone(),
        interests: long,
        ..PublicProfile::default()
    };
    for number in 0..50 {
        let account = world.account(&format!("amy{number}")).await;
        let city = Entry { fact: Fact::City, text: "x".into(), is_whole: false };
        let profile = Some(Box::new(profile.clone()));
        let write = Write::SetPublicProfile { account, profile, entries: vec![city] };
        world.services.store.commit(vec![write]).await.unwrap();
    }
    let field = |var: &str, value: &str| {
        Payload::new("field", ns::DATA).with_attr("var", var).with_leaf("value", value)
    };
    let form = Payload::new("x", ns::DATA).with_attr("type", "submit");
    let form = form.with(field("FORM_TYPE", ns::SEARCH)).with(field("x-city", "x"));
    let query = Query::Search(Payload::new("query", ns::SEARCH).with(form));
    world.arrives(Iq::set(jid("ann@far.test/x"), jid("onesoup.test"), "q", query)).await;
    let Stanza::Iq(answer) = world.sent().await else { panic!() };
    let IqKind::Error(error) = answer.kind else { panic!("{answer:?}") };
    assert_eq!((answer.id.as_str(), error.condition), ("q", Condition::ResourceConstraint));
}

#[tokio::test]
async fn nobody_waits_while_many_search() {
    let mut world = World::new().await;
    world.events.send(LinkEvent::Up).await.unwrap();
    let (ann, domain) = (jid("ann@far.test/x"), jid("onesoup.test"));
    for number in 0..20 {
        let query = Payload::new("query", ns::SEARCH).with_leaf("nick", "kim");
        let search =
            Iq::set(ann.clone(), domain.clone(), &number.to_string(), Query::Search(query));
        world.arrives(search).await;
    }
    world.arrives(Iq::get(ann, domain, "ping", Query::Ping)).await;
    let mut answered = Vec::new();
    while answered.len() < 21 {
        if let Stanza::Iq(Iq { id, .. }) = world.sent().await {
            answered.push(id);
        }
    }
    assert_ne!(answered[20], "ping");
}

#[tokio::test]
async fn many_searches_leave_others_their_reads() {
    let world = World::new().await;
    let city = Entry { fact: Fact::City, text: "x".into(), is_whole: false };
    for number in 0..50 {
        let account = world.account(&format!("amy{number}")).await;
        let profile = Some(Box::new(PublicProfile { age: Some(30), ..PublicProfile::default() }));
        let write = Write::SetPublicProfile { account, profile, entries: vec![city.clone()] };
        world.services.store.commit(vec![write]).await.unwrap();
    }
    let (amy, finished) =
        (world.services.own_address("amy0").unwrap(), Arc::new(AtomicU32::new(0)));
    let mut searches = JoinSet::new();
    for _ in 0..8 {
        let (services, amy, finished) = (world.services.clone(), amy.clone(), finished.clone());
        searches.spawn(async move {
            let criteria = vec![Criterion::Text(Fact::City, "x".into()); 16];
            assert_eq!(services.found(&amy, &criteria, 100).await.unwrap().len(), 50);
            finished.fetch_add(1, Relaxed);
        });
    }
    tokio::task::yield_now().await;
    world.services.store.account(&amy).await.unwrap();
    // There are four that read: else as many searches would be over.
    assert!(finished.load(Relaxed) < 4);
    while let Some(done) = searches.join_next().await {
        done.unwrap();
    }
}
