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
        "Report" | "ReportEventStream" | "ReportEvent" => (Class::WebResources, act::READ, "report"),
        "Dashboard" => (Class::WebResources, act::READ, "dashboard"),
        "URI" | "LightningPageView" => (Class::WebResources, act::READ, "page"),
        "UniqueQuery" => (Class::Datastore, Activity(4), "query"),
        "BulkApi" | "BulkApi2" | "API" | "RestApi" | "ApiEventStream" | "ApiEvent" | "ApexCallout" => (Class::Api, api_activity(&operation), "api"),
        _ => (Class::Base, Activity::OTHER, ""),
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

/// A setup action by its name. Source: Salesforce Object Reference, "SetupAuditTrail"; actions are words run together.
pub(super) fn class_of_setup(action: &str) -> (Class, Activity, &'static str) {
    match action.to_ascii_lowercase().as_str() {
        "createduser" => (Class::AccountChange, act::CREATE, "user"),
        "activateduser" => (Class::AccountChange, Activity(2), "user"),
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
