// Views that are loaded together, when one of them is first shown: for reading and search.
export { NeighboursPage, PersonPage } from "../views/people.js";
export { PostPage } from "../views/post.js"; // only with posts
export { SearchPage } from "../views/search.js";
