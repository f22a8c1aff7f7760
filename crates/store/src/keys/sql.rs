pub struct SqlKeys;
