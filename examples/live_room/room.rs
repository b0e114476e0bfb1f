//! What the page is made of: a typed part from each service.

use serde_json::{Value, json};

use crate::services::Service;

pub(crate) struct Room {
    pub(crate) version: Version,
    pub(crate) live: Live,
    pub(crate) user: User,
    pub(crate) equity: Equity,
    pub(crate) statistics: Statistics,
}

pub(crate) struct Version {
    number: String,
}

pub(crate) struct Live {
    title: String,
    viewers: u64,
}

pub(crate) struct User {
    name: String,
    level: u64,
}

pub(crate) struct Equity {
    coins: u64,
    member: bool,
}

pub(crate) struct Statistics {
    likes: u64,
    shares: u64,
}

/// A part of the room, and who has it.
pub(crate) trait Part: Sized + Send + 'static {
    const SERVICE: Service;

    fn from_json(json: &Value) -> Option<Self>;
}

impl Part for Version {
    const SERVICE: Service = Service::Version;

    fn from_json(json: &Value) -> Option<Self> {
        Some(Version { number: json["number"].as_str()?.to_owned() })
    }
}

impl Part for Live {
    const SERVICE: Service = Service::Live;

    fn from_json(json: &Value) -> Option<Self> {
        let title = json["title"].as_str()?.to_owned();
        Some(Live { title, viewers: json["viewers"].as_u64()? })
    }
}

impl Part for User {
    const SERVICE: Service = Service::User;

    fn from_json(json: &Value) -> Option<Self> {
        Some(User { name: json["name"].as_str()?.to_owned(), level: json["level"].as_u64()? })
    }
}

impl Part for Equity {
    const SERVICE: Service = Service::Equity;

    fn from_json(json: &Value) -> Option<Self> {
        Some(Equity { coins: json["coins"].as_u64()?, member: json["member"].as_bool()? })
    }
}

impl Part for Statistics {
    const SERVICE: Service = Service::Statistics;

    fn from_json(json: &Value) -> Option<Self> {
        Some(Statistics { likes: json["likes"].as_u64()?, shares: json["shares"].as_u64()? })
    }
}

impl Room {
    pub(crate) fn to_json(&self) -> Value {
        let Room { version, live, user, equity, statistics } = self;
        json!({
            "version": { "number": version.number },
            "live": { "title": live.title, "viewers": live.viewers },
            "user": { "name": user.name, "level": user.level },
            "equity": { "coins": equity.coins, "member": equity.member },
            "statistics": { "likes": statistics.likes, "shares": statistics.shares },
        })
    }
}
