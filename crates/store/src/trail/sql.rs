pub struct SqlTrail;
