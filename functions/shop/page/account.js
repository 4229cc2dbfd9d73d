// Registration, verification of the address, sign-in, and a forgotten password.

import { call } from "./api.js";
import { field, form, h } from "./dom.js";
import * as operations from "./operations.js";
import * as session from "./session.js";

const EMAIL = { type: "email", autocomplete: "email" };
const NEW_PASSWORD = { type: "password", autocomplete: "new-password", minlength: 8 };
const CODE = { autocomplete: "one-time-code", autocapitalize: "characters", spellcheck: "false" };
const CODE_HINT = "10 letters and digits from the mail.";

// The password of a registration in this page: the account stays as it is only if the person who
// verifies the address gives it.
let registered = null;

/** Shows the registration. */
export function showRegistration() {
  return {
    title: "Register",
    content: h("div.narrow", {},
      form("Register", async (input) => {
        const { registerUser } = await call(operations.SignUp, { input });
        registered = { email: registerUser.email, password: input.password };
        location.hash = `#/verify?email=${encodeURIComponent(registerUser.email)}`;
      },
      field("Name", "name", { autocomplete: "name", maxlength: 100 }),
      field("E-mail address", "email", EMAIL),
      field("Password", "password", NEW_PASSWORD, "At least 8 characters.")),
      h("p", {}, "You have an account? ", h("a", { href: "#/sign-in" }, "Sign in"), ".")),
  };
}

/** Shows the form for the code of the mail. */
export function showVerification({ query }) {
  const address = query.get("email") ?? "";
  return {
    title: "Verify your address",
    content: h("div.narrow", {},
      h("p", {}, "We have sent you a mail with a code."),
      form("Verify", async ({ email, code, password }) => {
        const { verifyEmail } = await call(operations.VerifyEmail, { input: { email, code, password } });
        registered = null;
        if (verifyEmail.passwordNeeded) {
          location.hash = `#/forgotten?email=${encodeURIComponent(email)}`;
          return;
        }
        await signIn(email, password);
        location.hash = "#/";
      },
      field("E-mail address", "email", { ...EMAIL, value: address }),
      field("Code", "code", CODE, CODE_HINT),
      field("Password", "password", {
        type: "password",
        autocomplete: "current-password",
        value: registered?.email === address ? registered.password : "",
      })),
      h("h2", {}, "No mail?"),
      form("Send another code", async ({ email }) => {
        await call(operations.ResendVerification, { email });
      }, field("E-mail address", "email", { ...EMAIL, value: address }))),
  };
}

/** Shows the sign-in; afterwards the person gets to the page that they wanted. */
export function showSignIn({ query }) {
  const next = query.get("next") ?? "/";
  return {
    title: "Sign in",
    content: h("div.narrow", {},
      form("Sign in", async ({ email, password }) => {
        await signIn(email, password);
        location.hash = next.startsWith("/") ? `#${next}` : "#/";
      },
      field("E-mail address", "email", { ...EMAIL, autocomplete: "username" }),
      field("Password", "password", { type: "password", autocomplete: "current-password" })),
      h("ul", {},
        h("li", {}, h("a", { href: "#/register" }, "Register")),
        h("li", {}, h("a", { href: "#/verify" }, "Enter the code of a mail")),
        h("li", {}, h("a", { href: "#/forgotten" }, "Forgotten password")))),
  };
}

/** Shows how to set a new password. */
export function showForgotten({ query }) {
  const address = query.get("email") ?? "";
  const sent = h("p", { role: "status" });
  return {
    title: "Set a new password",
    content: h("div.narrow", {},
      h("h2", {}, "1. Get a code"),
      form("Send a code", async ({ email }) => {
        const { requestPasswordReset } = await call(operations.RequestPasswordReset, { email });
        sent.textContent = requestPasswordReset.message;
      }, field("E-mail address", "email", { ...EMAIL, value: address })),
      sent,
      h("h2", {}, "2. Set the password"),
      form("Set the password", async ({ email, code, password }) => {
        const { resetPassword } = await call(operations.ResetPassword, { input: { email, code, password } });
        session.keepDeviceToken(resetPassword.deviceToken);
        await signIn(email, password);
        location.hash = "#/";
      },
      field("E-mail address", "email", { ...EMAIL, value: address }),
      field("Code", "code", CODE, CODE_HINT),
      field("New password", "password", NEW_PASSWORD, "At least 8 characters."))),
  };
}

/** Ends the session, here and at the API. */
export async function signOut() {
  try {
    await call(operations.SignOut);
  } catch {
    // Without the API the tokens are only forgotten here; they expire by themselves.
  }
  session.leave();
  location.hash = "#/";
}

async function signIn(email, password) {
  const { login } = await call(operations.SignIn, { input: { email, password, deviceToken: session.deviceToken() } });
  session.enter(login);
}
