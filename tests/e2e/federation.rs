use tokio_xmpp::parsers::presence::{Show, Type};

use crate::support::lab::Lab;
use crate::support::xmpp::{XmppClient, body, status};

#[tokio::test]
async fn two_servers_federate() {
    let lab = Lab::shared();
    lab.register("federate", "pw-federate").await;
    let mut near = XmppClient::login(lab, "federate@xmpp.test", "pw-federate").await;
    let mut far = XmppClient::login(lab, "ann@far.test/federate", "pw-ann").await;

    near.send_chat(far.jid.as_str(), "hello, far side", "f1", true).await;
    let message = far.expect_chat("federate@xmpp.test").await;
    assert_eq!(body(&message), "hello, far side");
    assert_eq!(message.id.unwrap().0, "f1");

    far.send_chat("federate@xmpp.test", "hello, near side", "f2", false).await;
    let message = near.expect_chat("ann@far.test").await;
    assert_eq!(body(&message), "hello, near side");

    near.logout().await;
    far.logout().await;
}

#[tokio::test]
async fn presence_crosses_servers_after_a_subscription() {
    let lab = Lab::shared();
    lab.register("watcher", "pw-watcher").await;
    let mut near = XmppClient::login(lab, "watcher@xmpp.test", "pw-watcher").await;
    let mut far = XmppClient::login(lab, "ann@far.test/watched", "pw-ann").await;

    near.subscribe("ann@far.test").await;
    far.expect_presence(Type::Subscribe, "watcher@xmpp.test").await;
    far.approve("watcher@xmpp.test").await;
    near.expect_presence(Type::Subscribed, "ann@far.test").await;

    far.set_presence(Some(Show::Away), Some("out for soup")).await;
    let away = near
        .expect("ann going away", |stanza| match stanza {
            tokio_xmpp::Stanza::Presence(presence) if presence.show == Some(Show::Away) => {
                Some(presence.clone())
            }
            _ => None,
        })
        .await;
    assert_eq!(status(&away), "out for soup");
}
