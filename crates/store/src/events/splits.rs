pub struct Splits;
