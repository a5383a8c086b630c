// Views that are loaded together, when one of them is first shown: mostly for signing in and settings.
export { EmailChangePage, ForgotPage, ResetPage, SignInPage, SignUpPage, UnconfirmedPage, VerifyPage } from "../views/account.js";
export { MailCodePage } from "../views/mail-code.js";
export { FromProviderPage } from "../views/providers.js";
export { RemovedNotice, RemovedPage } from "../views/reports.js"; // only with posts
export { SettingsPage } from "../views/settings.js";
export { StepUp } from "../views/step-up.js";
export { DraftsPage, EditPage, WritePage } from "../views/write.js"; // only with posts
