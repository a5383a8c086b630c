// Views that are loaded together, when one of them is first shown: signing in, writing, settings.
export { EmailChangePage, ForgotPage, ResetPage, SignInPage, SignUpPage, UnconfirmedPage, VerifyPage } from "../views/account.js";
export { MailCodePage } from "../views/mail-code.js";
export { FromProviderPage } from "../views/providers.js";
export { RemovedNotice, RemovedPage } from "../views/reports.js";
export { SettingsPage } from "../views/settings.js";
export { StepUp } from "../views/step-up.js";
export { DraftsPage, EditPage, WritePage } from "../views/write.js";
