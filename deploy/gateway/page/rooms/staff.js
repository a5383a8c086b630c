// Views that are loaded together, when one of them is first shown: for admins and moderators.
export { AdminPage, AdminPersonPage } from "../views/admin.js";
export { ModerationPage } from "../views/moderation.js"; // only with posts
