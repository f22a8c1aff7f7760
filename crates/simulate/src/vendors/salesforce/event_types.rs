//! The event types served, their columns and the columns' types.
//!
//! Object Reference, "EventLogFile Supported Event Types": pages Login, Logout, SOAP API (`API`), REST API (`RestApi`), Report, Report Export, URI,
//! Lightning Page View, Login As, Bulk API 2.0. The columns written are a subset of each page's section "Fields"; of the rest nothing is known here.

/// The types, as EVENT_TYPE says them.
pub const EVENT_TYPES: [&str; 10] = ["Login", "Logout", "API", "RestApi", "Report", "ReportExport", "URI", "LightningPageView", "LoginAs", "BulkApi2"];

/// What a release adds: a column that no page lists.
pub const LATER: [&str; 2] = ["SIM_RELEASE_NOTE", "SIM_EDGE_LOCATION"];

const BEFORE: [&str; 5] = ["EVENT_TYPE", "TIMESTAMP", "REQUEST_ID", "ORGANIZATION_ID", "USER_ID"];
const AFTER: [&str; 3] = ["TIMESTAMP_DERIVED", "USER_ID_DERIVED", "CLIENT_IP"];

/// The columns of a type in their usual order.
pub fn columns(event_type: &str) -> Vec<&'static str> {
    let own: &[&str] = match event_type {
        "Login" => &[
            "RUN_TIME",
            "CPU_TIME",
            "URI",
            "SESSION_KEY",
            "LOGIN_KEY",
            "REQUEST_STATUS",
            "DB_TOTAL_TIME",
            "BROWSER_TYPE",
            "API_TYPE",
            "API_VERSION",
            "USER_NAME",
            "TLS_PROTOCOL",
            "CIPHER_SUITE",
            "LOGIN_TYPE",
            "LOGIN_SUB_TYPE",
            "AUTHENTICATION_METHOD_REFERENCE",
            "FORWARDED_FOR_IP",
            "LOGIN_STATUS",
            "SOURCE_IP",
        ],
        "Logout" => &[
            "SESSION_KEY",
            "LOGIN_KEY",
            "USER_TYPE",
            "SESSION_TYPE",
            "SESSION_LEVEL",
            "BROWSER_TYPE",
            "PLATFORM_TYPE",
            "RESOLUTION_TYPE",
            "APP_TYPE",
            "CLIENT_VERSION",
            "API_TYPE",
            "API_VERSION",
            "USER_INITIATED_LOGOUT",
        ],
        "API" => &[
            "RUN_TIME",
            "CPU_TIME",
            "URI",
            "SESSION_KEY",
            "LOGIN_KEY",
            "USER_TYPE",
            "REQUEST_STATUS",
            "DB_TOTAL_TIME",
            "DB_BLOCKS",
            "DB_CPU_TIME",
            "API_TYPE",
            "API_VERSION",
            "CLIENT_NAME",
            "METHOD_NAME",
            "ENTITY_NAME",
            "ROWS_PROCESSED",
            "REQUEST_SIZE",
            "RESPONSE_SIZE",
            "EXCEPTION_MESSAGE",
        ],
        "RestApi" => &[
            "RUN_TIME",
            "CPU_TIME",
            "URI",
            "SESSION_KEY",
            "LOGIN_KEY",
            "USER_TYPE",
            "REQUEST_STATUS",
            "DB_TOTAL_TIME",
            "METHOD",
            "MEDIA_TYPE",
            "STATUS_CODE",
            "USER_AGENT",
            "ROWS_PROCESSED",
            "NUMBER_FIELDS",
            "DB_BLOCKS",
            "DB_CPU_TIME",
            "ENTITY_NAME",
            "CONNECTED_APP_ID",
            "CLIENT_NAME",
            "REQUEST_SIZE",
            "RESPONSE_SIZE",
            "EXCEPTION_MESSAGE",
        ],
        "Report" => &[
            "RUN_TIME",
            "CPU_TIME",
            "URI",
            "SESSION_KEY",
            "LOGIN_KEY",
            "USER_TYPE",
            "REQUEST_STATUS",
            "DB_TOTAL_TIME",
            "ENTITY_NAME",
            "DISPLAY_TYPE",
            "RENDERING_TYPE",
            "REPORT_ID",
            "ROW_COUNT",
            "NUMBER_EXCEPTION_FILTERS",
            "NUMBER_COLUMNS",
            "AVERAGE_ROW_SIZE",
            "SORT",
            "NUMBER_BUCKETS",
            "ORIGIN",
            "REPORT_ID_DERIVED",
        ],
        "ReportExport" => &["RUN_TIME", "CPU_TIME", "URI", "SESSION_KEY", "LOGIN_KEY", "CLIENT_INFO", "REPORT_DESCRIPTION", "URI_ID_DERIVED"],
        "URI" => &[
            "RUN_TIME",
            "CPU_TIME",
            "URI",
            "SESSION_KEY",
            "LOGIN_KEY",
            "USER_TYPE",
            "REQUEST_STATUS",
            "DB_TOTAL_TIME",
            "DB_BLOCKS",
            "DB_CPU_TIME",
            "REFERRER_URI",
            "URI_ID_DERIVED",
        ],
        "LightningPageView" => &[
            "SESSION_KEY",
            "LOGIN_KEY",
            "USER_TYPE",
            "APP_NAME",
            "BROWSER_NAME",
            "BROWSER_VERSION",
            "OS_NAME",
            "OS_VERSION",
            "PAGE_APP_NAME",
            "PAGE_CONTEXT",
            "PAGE_ENTITY_ID",
            "PAGE_ENTITY_TYPE",
            "PAGE_START_TIME",
            "PAGE_URL",
            "PREVPAGE_URL",
            "DURATION",
            "EFFECTIVE_PAGE_TIME",
            "UI_EVENT_ID",
            "UI_EVENT_SOURCE",
            "UI_EVENT_TIMESTAMP",
        ],
        "LoginAs" => &[
            "RUN_TIME",
            "CPU_TIME",
            "URI",
            "SESSION_KEY",
            "LOGIN_KEY",
            "DELEGATED_USER_ID",
            "DELEGATED_USER_NAME",
            "DELEGATED_USER_ID_DERIVED",
            "URI_ID_DERIVED",
        ],
        "BulkApi2" => &[
            "RUN_TIME",
            "CPU_TIME",
            "URI",
            "SESSION_KEY",
            "LOGIN_KEY",
            "JOB_ID",
            "JOB_STATUS",
            "OPERATION_TYPE",
            "ENTITY_TYPE",
            "RECORDS_PROCESSED",
            "RECORDS_FAILED",
            "RESULT_SIZE_MB",
        ],
        _ => &[],
    };
    BEFORE.iter().chain(own).chain(&AFTER).copied().collect()
}

/// The type of a column, as LogFileFieldTypes lists it.
pub fn column_type(column: &str) -> &'static str {
    match column {
        "TIMESTAMP_DERIVED" => "DateTime",
        "SOURCE_IP" => "IP",
        "ENTITY_NAME" => "Set",
        "REPORT_DESCRIPTION" => "EscapedString",
        "USER_INITIATED_LOGOUT" => "Boolean",
        "ORGANIZATION_ID"
        | "USER_ID"
        | "USER_ID_DERIVED"
        | "URI_ID_DERIVED"
        | "REPORT_ID"
        | "REPORT_ID_DERIVED"
        | "PAGE_ENTITY_ID"
        | "DELEGATED_USER_ID"
        | "DELEGATED_USER_ID_DERIVED" => "Id",
        "RUN_TIME"
        | "CPU_TIME"
        | "DB_TOTAL_TIME"
        | "DB_BLOCKS"
        | "DB_CPU_TIME"
        | "ROWS_PROCESSED"
        | "NUMBER_FIELDS"
        | "REQUEST_SIZE"
        | "RESPONSE_SIZE"
        | "STATUS_CODE"
        | "ROW_COUNT"
        | "NUMBER_EXCEPTION_FILTERS"
        | "NUMBER_COLUMNS"
        | "AVERAGE_ROW_SIZE"
        | "NUMBER_BUCKETS"
        | "PLATFORM_TYPE"
        | "RESOLUTION_TYPE"
        | "APP_TYPE"
        | "CLIENT_VERSION"
        | "PAGE_START_TIME"
        | "DURATION"
        | "EFFECTIVE_PAGE_TIME"
        | "UI_EVENT_TIMESTAMP"
        | "RECORDS_PROCESSED"
        | "RECORDS_FAILED"
        | "RESULT_SIZE_MB" => "Number",
        _ => "String",
    }
}
