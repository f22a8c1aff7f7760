//! What each Salesforce event type is in OCSF.
//! Source: Salesforce Object Reference, "EventLogFile Supported Event Types" and "Real-Time Event Monitoring Objects".

use model::{Activity, Class, class::act};

/// Class, activity and the object type acted on; an unknown type is kept as a base event.
pub(super) fn class_of(kind: &str, operation: &str) -> (Class, Activity, &'static str) {
    let operation = operation.to_ascii_lowercase();
    match kind {
        "Login" | "LoginAs" | "LoginEventStream" | "LoginEvent" | "LoginAsEventStream" | "LoginAsEvent" | "LoginHistory" => {
            (Class::Authentication, act::LOGON, "")
        }
        "Logout" | "LogoutEventStream" | "LogoutEvent" => (Class::Authentication, act::LOGOFF, ""),
        "IdentityVerificationEvent" => (Class::Authentication, Activity::OTHER, ""),
        "ReportExport" => (Class::WebResources, act::EXPORT, "report"),
        "ReportEventStream" | "ReportEvent" if operation.contains("export") => (Class::WebResources, act::EXPORT, "report"),
        // Report holds exports as well, told by ORIGIN; it alone says how many rows.
        "Report" if operation.contains("export") => (Class::WebResources, act::EXPORT, "report"),
        "Report" | "ReportEventStream" | "ReportEvent" => (Class::WebResources, act::READ, "report"),
        "ListViewEventStream" | "ListViewEvent" => (Class::WebResources, act::READ, "list_view"),
        "LightningUriEventStream" | "LightningUriEvent" | "UriEventStream" | "UriEvent" => (Class::WebResources, uri_activity(&operation), "page"),
        "Dashboard" => (Class::WebResources, act::READ, "dashboard"),
        "URI" | "LightningPageView" => (Class::WebResources, act::READ, "page"),
        "UniqueQuery" => (Class::Datastore, Activity(4), "query"),
        "BulkApi"
        | "BulkApi2"
        | "BulkApiRequest"
        | "BulkApiResultEvent"
        | "BulkApiResultEventStore"
        | "API"
        | "RestApi"
        | "ApiEventStream"
        | "ApiEvent"
        | "ApexCallout" => (Class::Api, api_activity(&operation), "api"),
        _ => (Class::Base, Activity::OTHER, ""),
    }
}

fn uri_activity(operation: &str) -> Activity {
    match operation {
        "create" | "insert" => act::CREATE,
        "update" => act::UPDATE,
        "delete" => act::DELETE,
        _ => act::READ,
    }
}

fn api_activity(operation: &str) -> Activity {
    let is = |words: &[&str]| words.iter().any(|w| operation.starts_with(w));
    if is(&["query", "retrieve", "get", "search", "describe", "head"]) {
        act::READ
    } else if is(&["update", "upsert", "patch", "put"]) {
        act::UPDATE
    } else if is(&["insert", "create", "post"]) {
        act::CREATE
    } else if is(&["delete", "harddelete", "hard_delete"]) {
        act::DELETE
    } else {
        Activity::OTHER
    }
}

/// A setup action by its name, or, in a file downloaded from the Setup page, by its sentence.
/// Source: Salesforce Object Reference, "SetupAuditTrail"; actions are words run together.
pub(super) fn class_of_setup(action: &str) -> (Class, Activity, &'static str) {
    let action = action.to_ascii_lowercase();
    if action.contains(' ') { by_sentence(&action) } else { by_name(&action) }
}

fn by_sentence(sentence: &str) -> (Class, Activity, &'static str) {
    let starts = |words: &str| sentence.starts_with(words);
    if sentence.contains("unassigned from user") {
        (Class::UserAccess, act::REVOKE_PRIVILEGES, "permission_set")
    } else if sentence.contains("assigned to user") {
        (Class::UserAccess, act::ASSIGN_PRIVILEGES, "permission_set")
    } else if sentence.contains("changed from disabled to enabled") {
        (Class::UserAccess, act::ASSIGN_PRIVILEGES, "permission_set")
    } else if sentence.contains("changed from enabled to disabled") {
        (Class::UserAccess, act::REVOKE_PRIVILEGES, "permission_set")
    } else if starts("created new user") {
        by_name("createduser")
    } else if starts("activated user") {
        by_name("activateduser")
    } else if starts("deactivated user") {
        by_name("deactivateduser")
    } else if starts("reset password") {
        by_name("resetpassword")
    } else if starts("changed") && sentence.contains(" user ") {
        (Class::AccountChange, Activity::OTHER, "user")
    } else {
        (Class::EntityManagement, Activity::OTHER, "setup")
    }
}

fn by_name(action: &str) -> (Class, Activity, &'static str) {
    match action {
        "createduser" => (Class::AccountChange, act::CREATE, "user"),
        "activateduser" => (Class::AccountChange, Activity(2), "user"),
        "resetpassword" => (Class::AccountChange, Activity(4), "user"),
        "changedpassword" => (Class::AccountChange, Activity(3), "user"),
        "deactivateduser" => (Class::AccountChange, Activity(5), "user"),
        "permsetenableuserperm" | "permsetassign" => (Class::UserAccess, act::ASSIGN_PRIVILEGES, "permission_set"),
        "permsetdisableuserperm" | "permsetunassign" => (Class::UserAccess, act::REVOKE_PRIVILEGES, "permission_set"),
        "createdgroup" => (Class::GroupManagement, Activity(6), "group"),
        "deletedgroup" => (Class::GroupManagement, Activity(5), "group"),
        "updatedgroup" | "groupmembership" => (Class::GroupManagement, Activity::OTHER, "group"),
        "installedpackagingapp" => (Class::ApplicationLifecycle, Activity(1), "package"),
        "uninstalledpackagingapp" => (Class::ApplicationLifecycle, Activity(2), "package"),
        "upgradedpackagingapp" => (Class::ApplicationLifecycle, Activity(8), "package"),
        a if a.starts_with("insertauthenticator") => (Class::AccountChange, Activity(10), "user"),
        a if a.starts_with("deletetwofactor") => (Class::AccountChange, Activity(11), "user"),
        a if a.starts_with("changed") => (Class::AccountChange, Activity::OTHER, "user"),
        _ => (Class::EntityManagement, Activity::OTHER, "setup"),
    }
}
