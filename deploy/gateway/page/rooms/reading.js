// Views that are loaded together, when one of them is first shown: posts, people, search.
export { NeighboursPage, PersonPage } from "../views/people.js";
export { PostPage } from "../views/post.js";
export { SearchPage } from "../views/search.js";
