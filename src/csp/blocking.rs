//! Block and grant lists: who may send messages to the user.

use crate::csp::{
    address::{GroupAddress, ScreenName, UserAddress},
    field::{Build, FieldError, Fields, Shape},
    version::Version::V1_3,
};

/// `EntityList`, `AddList` or `RemoveList`: those whom a list names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntityList {
    /// Users.
    pub users: Vec<UserAddress>,
    /// Occupants of groups.
    pub screen_names: Vec<ScreenName>,
    /// Groups.
    pub groups: Vec<GroupAddress>,
}

impl EntityList {
    /// Returns whether nobody is named.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Shape for EntityList {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            users: UserAddress::read_all(from)?,
            screen_names: from.repeated("ScreenName")?,
            groups: from.repeated("GroupID")?,
        })
    }

    fn write(&self, to: Build) -> Build {
        to.each("UserID", &self.users)
            .each("ScreenName", &self.screen_names)
            .each("GroupID", &self.groups)
    }
}

/// A list in `GetBlockedList-Response`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntityTable {
    /// Whether the list has an effect.
    pub is_in_use: bool,
    /// Whom it names.
    pub entities: EntityList,
}

/// `GetBlockedList-Response`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetBlockedListResponse {
    /// Who may not send.
    pub block: EntityTable,
    /// Who alone may send.
    pub grant: EntityTable,
}

impl Shape for GetBlockedListResponse {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let table = |side: &Side| -> Result<EntityTable, FieldError> {
            let entities = from.inside(side.list).map(|list| list.optional("EntityList"));
            Ok(EntityTable {
                is_in_use: side.read_in_use(from).unwrap_or(false),
                entities: entities.transpose()?.flatten().unwrap_or_default(),
            })
        };
        Ok(Self { block: table(&BLOCK)?, grant: table(&GRANT)? })
    }

    /// Both lists are written, each with its flag and its entities, be they none: S60 reads all
    /// of it unconditionally (handset: S60 §8.6).
    fn write(&self, to: Build) -> Build {
        let sides = [(&BLOCK, &self.block), (&GRANT, &self.grant)];
        let to = sides
            .iter()
            .fold(to, |to, (side, table)| side.write_outer_flag(to, Some(table.is_in_use)));
        sides.iter().fold(to, |to, (side, table)| {
            to.inside(side.list, |to| {
                let to = side.write_inner_flag(to, Some(table.is_in_use));
                to.put("EntityList", &table.entities)
            })
        })
    }
}

/// A change of one list in `BlockEntity-Request`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListChange {
    /// Whether the list shall have an effect; absent is as before.
    pub in_use: Option<bool>,
    /// Whom to add; one who is there already is no error.
    pub add: EntityList,
    /// Whom to remove; one who is not there is no error.
    pub remove: EntityList,
}

/// `BlockEntity-Request`, which 1.1 calls `BlockUser-Request`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockEntityRequest {
    /// The change of who may not send.
    pub block: ListChange,
    /// The change of who alone may send.
    pub grant: ListChange,
}

impl Shape for BlockEntityRequest {
    fn read(from: Fields<'_>) -> Result<Self, FieldError> {
        let change = |side: &Side| -> Result<ListChange, FieldError> {
            let part = |name| -> Result<EntityList, FieldError> {
                let part = from.inside(side.list).map(|list| list.optional(name)).transpose()?;
                Ok(part.flatten().unwrap_or_default())
            };
            Ok(ListChange {
                in_use: side.read_in_use(from),
                add: part("AddList")?,
                remove: part("RemoveList")?,
            })
        };
        Ok(Self { block: change(&BLOCK)?, grant: change(&GRANT)? })
    }

    fn write(&self, to: Build) -> Build {
        let sides = [(&BLOCK, &self.block), (&GRANT, &self.grant)];
        let to =
            sides.iter().fold(to, |to, (side, change)| side.write_outer_flag(to, change.in_use));
        sides.iter().fold(to, |to, (side, change)| {
            let list = side.write_inner_flag(Build::new(side.list, to.version()), change.in_use);
            let list = list
                .inside_if(!change.add.is_empty(), "AddList", |to| change.add.write(to))
                .inside_if(!change.remove.is_empty(), "RemoveList", |to| change.remove.write(to))
                .finish();
            if list.children().is_empty() { to } else { to.element(list) }
        })
    }
}

/// How a list and its flag are called; up to 1.2 the flag stands in the list, then beside it.
struct Side {
    list: &'static str,
    outer_flag: &'static str,
}

impl Side {
    /// Finds the flag in either place.
    fn read_in_use(&self, from: Fields<'_>) -> Option<bool> {
        let inner = || from.inside(self.list).and_then(|list| list.hint("InUse"));
        from.hint(self.outer_flag).or_else(inner)
    }

    fn write_outer_flag(&self, to: Build, flag: Option<bool>) -> Build {
        let flag = flag.filter(|_| to.version() >= V1_3);
        to.maybe(self.outer_flag, flag.as_ref())
    }

    fn write_inner_flag(&self, to: Build, flag: Option<bool>) -> Build {
        let flag = flag.filter(|_| to.version() < V1_3);
        to.maybe("InUse", flag.as_ref())
    }
}

const BLOCK: Side = Side { list: "BlockList", outer_flag: "BlockListInUse" };
const GRANT: Side = Side { list: "GrantList", outer_flag: "GrantListInUse" };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csp::{
        literal::{assert_round_trip, assert_writes, read},
        version::Version::{V1_1, V1_2},
    };

    #[test]
    fn s60_8_6_both_lists_are_answered_with_their_flags() {
        let literal = "<R><BlockList><InUse>F</InUse><EntityList/></BlockList>\
            <GrantList><InUse>F</InUse><EntityList/></GrantList></R>";
        assert_writes(&GetBlockedListResponse::default(), literal, V1_2);
        let response: GetBlockedListResponse = assert_round_trip(
            "<R><BlockList><InUse>F</InUse><EntityList><UserID>wv:he@x</UserID><ScreenName>\
             <SName>Billyboy</SName><GroupID>wv:j/c@x</GroupID></ScreenName>\
             <GroupID>wv:/boring@x</GroupID></EntityList></BlockList><GrantList><InUse>T</InUse>\
             <EntityList><UserID>wv:she@x</UserID></EntityList></GrantList></R>",
            V1_1,
        );
        assert!(response.grant.is_in_use && !response.block.is_in_use);
        assert_eq!(response.block.entities.groups.len(), 1);
    }

    #[test]
    fn the_flags_stand_beside_the_lists_in_1_3() {
        let literal = "<R><BlockListInUse>T</BlockListInUse><GrantListInUse>F</GrantListInUse>\
            <BlockList><AddList><UserID>wv:bad</UserID></AddList></BlockList></R>";
        let request: BlockEntityRequest = assert_round_trip(literal, V1_3);
        assert_eq!((request.block.in_use, request.grant.in_use), (Some(true), Some(false)));
        let earlier = "<R><BlockList><InUse>T</InUse><AddList><UserID>wv:bad</UserID></AddList>\
            </BlockList><GrantList><InUse>F</InUse></GrantList></R>";
        assert_writes(&request, earlier, V1_2);
        assert_eq!(read(earlier, V1_3), Ok(request));
    }

    #[test]
    fn empty_flags_and_lists_change_nothing() {
        let literal = "<R><BlockList><InUse>T</InUse><AddList/><RemoveList><UserID>wv:lee</UserID>\
            </RemoveList></BlockList><GrantList><InUse/><RemoveList/></GrantList></R>";
        let request: BlockEntityRequest = read(literal, V1_1).unwrap();
        assert_eq!(request.grant, ListChange::default());
        assert!(request.block.add.is_empty());
        let literal = "<R><BlockList><InUse>T</InUse><RemoveList><UserID>wv:lee</UserID>\
            </RemoveList></BlockList></R>";
        assert_writes(&request, literal, V1_1);
    }
}
