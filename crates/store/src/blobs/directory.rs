pub struct Directory;
