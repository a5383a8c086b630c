// Views that are loaded together, when one of them is first shown: moderation and administration.
export { AdminPage, AdminPersonPage } from "../views/admin.js";
export { ModerationPage } from "../views/moderation.js";
