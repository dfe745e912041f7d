//! Invitations, applications, entitlements, tokens.

use super::{Args, Deed, Made, Thing};
use crate::error::Error;
use crate::secret::Secret;
use crate::value::Value;
use crate::world::{
    Application, ApplicationId, ClientCredentials, EntitlementId, NewBot, NewEntitlement, Operation, World,
};

pub(super) fn read(world: &World, name: &str, args: Args<'_>) -> Option<Result<Deed, Error>> {
    let secret = |name| Secret::new(args.value.member(name).as_str().unwrap_or_default());
    let application: Option<ApplicationId> = args.id("application_id");
    let client = || ClientCredentials {
        id: args.the("client_id"),
        secret: args.value.member("client_secret").as_str().map(Secret::new),
    };
    Some(Ok(match name {
        "ACTIVITY_JOIN" => Deed::reaches(Operation::AcceptJoin { application, secret: secret("secret") }),
        "ACTIVITY_SPECTATE" => Deed::reaches(Operation::AcceptSpectate { application, secret: secret("secret") }),
        "ACTIVITY_JOIN_REQUEST" => Deed::reaches(Operation::RequestJoin { from: args.the("user_id"), application }),
        "ACTIVITY_INVITE" => {
            let application = args.the("application_id");
            Deed::makes(Operation::Invite { from: args.the("user_id"), application }, Made::Message)
        }
        "APPLICATION_REGISTER" => {
            Deed::makes(Operation::RegisterApplication(self::application(args)), Made::Application)
        }
        "BOT_CREATE" => {
            let new = NewBot {
                application: args.the("application_id"),
                username: args.text("username"),
                token: args.value.member("token").as_str().map(Secret::new),
                refused_intents: args.number("refused_intents").unwrap_or(0),
            };
            Deed::makes(Operation::CreateBot(new), Made::Bot)
        }
        "LOGIN_CREATE" => {
            let token = args.value.member("token").as_str().map(Secret::new);
            Deed::makes(Operation::CreateLogin { user: args.who(), token }, Made::Login)
        }
        "ENTITLEMENT_CREATE" => {
            let new = NewEntitlement {
                sku: args.id("sku_id"),
                application: args.the("application_id"),
                user: args.who(),
                kind: args.number("type").unwrap_or(1),
                guild: args.id("guild_id"),
                starts_ms: args.number("starts_ms"),
                ends_ms: args.number("ends_ms"),
                consumed: args.flag("consumed").unwrap_or(false),
            };
            Deed::makes(Operation::CreateEntitlement(new), Made::Entitlement)
        }
        "ENTITLEMENT_DELETE" => {
            let id: EntitlementId = args.the("entitlement_id");
            Deed::ends(Operation::DeleteEntitlement(id), world, Thing::Entitlement(id))
        }
        "TOKEN_CREATE" => {
            let application = args.the("client_id");
            let scopes = args.value.member("scopes").iter().filter_map(Value::as_str).map(Box::from).collect();
            let operation = Operation::Authorize { application, user: args.who(), scopes };
            Deed { exchange: Some(application), ..Deed::makes(operation, Made::Token) }
        }
        "TOKEN_EXCHANGE" => {
            let redirect_uri = args.text("redirect_uri");
            let operation = Operation::ExchangeCode { client: client(), code: secret("code"), redirect_uri };
            Deed::makes(operation, Made::Token)
        }
        "TOKEN_REFRESH" => {
            let refresh_token = secret("refresh_token");
            Deed::makes(Operation::RefreshToken { client: client(), refresh_token }, Made::Token)
        }
        "TOKEN_REVOKE" => Deed::reaches(Operation::RevokeToken(secret("access_token"))),
        "RPC_TOKEN_CREATE" => Deed::makes(Operation::IssueRpcToken(client()), Made::RpcToken),
        _ => return None,
    }))
}

fn application(args: Args<'_>) -> Application {
    let texts = |name| args.value.member(name).iter().filter_map(Value::as_str).map(Box::from).collect();
    let id: ApplicationId = args.the("id");
    let default = Application::unregistered(id);
    let origins = args.value.member("rpc_origins");
    Application {
        id,
        name: args.text("name").unwrap_or(default.name),
        description: args.text("description").unwrap_or(default.description),
        icon: args.text("icon"),
        rpc_origins: if origins.is_none() { default.rpc_origins } else { texts("rpc_origins") },
        redirect_uris: texts("redirect_uris"),
        secret: args.value.member("secret").as_str().map(Secret::new),
        approved: args.flag("approved").unwrap_or(true),
        testers: args.ids("testers"),
    }
}
