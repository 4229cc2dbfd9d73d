// Every GraphQL operation of the shop. A test validates them with the API's schema.

const SHOWN_PRODUCT = `id title description price { amount currency } categories images stock`;
const SHOWN_CHANNELS = `inbox email push sms webhook`;

// ---------------------------------------------------------------- account
export const REGISTER = `mutation ($input: RegisterUserInput!) {
  registerUser(input: $input) { email message }
}`;
export const VERIFY = `mutation ($input: VerifyEmailInput!) {
  verifyEmail(input: $input) { passwordNeeded }
}`;
export const SEND_CODE_AGAIN = `mutation ($email: String!) {
  resendVerification(email: $email) { message }
}`;
export const LOGIN = `mutation ($input: LoginInput!) {
  login(input: $input) { accessToken expiresIn refreshToken deviceToken user { id name email } }
}`;
export const REFRESH = `mutation ($token: String!) {
  refreshSession(refreshToken: $token) { accessToken expiresIn refreshToken }
}`;
export const LOGOUT = `mutation { logout { message } }`;
export const FORGOT_PASSWORD = `mutation ($email: String!) {
  requestPasswordReset(email: $email) { message }
}`;
export const SET_PASSWORD = `mutation ($input: ResetPasswordInput!) {
  resetPassword(input: $input) { deviceToken }
}`;
export const DELETE_ACCOUNT = `mutation { deleteAccount { message } }`;

// ------------------------------------------------------------ preferences
export const PREFERENCES = `{
  me {
    email
    name
    preferences {
      orders { ${SHOWN_CHANNELS} }
      promotions { ${SHOWN_CHANNELS} }
      recommendations { ${SHOWN_CHANNELS} }
      tasks { ${SHOWN_CHANNELS} }
      stock { ${SHOWN_CHANNELS} }
      quietHours { start end }
      timeZone
      language
      digest
    }
  }
}`;
export const CHANGE_PREFERENCES = `mutation ($input: UpdatePreferencesInput!) {
  updateUserPreferences(input: $input) { id }
}`;

// --------------------------------------------------------------- products
export const PRODUCTS = `query ($filter: ProductFilterInput, $first: Int, $after: String) {
  getProducts(filter: $filter, first: $first, after: $after) {
    nodes { ${SHOWN_PRODUCT} }
    pageInfo { hasNextPage endCursor }
  }
}`;
export const PRODUCT = `query ($id: ID!) {
  getProduct(id: $id) { ${SHOWN_PRODUCT} attributes }
}`;
export const RECOMMENDATIONS = `{
  getUserRecommendations(first: 4) { items { product { ${SHOWN_PRODUCT} } reason { text } } }
}`;
export const LOOKED = `mutation ($input: LogBrowseInput!) {
  logBrowse(input: $input) { __typename }
}`;

// ----------------------------------------------------------------- orders
export const PLACE_ORDER = `mutation ($input: PlaceOrderInput!, $key: String) {
  placeOrder(input: $input, idempotencyKey: $key) { id }
}`;
export const ORDERS = `query ($after: String) {
  getOrders(first: 20, after: $after) {
    nodes { id state createdAt total { amount currency } items { title quantity } }
    pageInfo { hasNextPage endCursor }
  }
}`;
export const ORDER = `query ($id: ID!) {
  getOrder(id: $id) {
    id
    state
    total { amount currency }
    carrier
    trackingNumber
    items { productId title quantity unitPrice { amount currency } }
    history { state at reason }
  }
}`;
export const CANCEL_ORDER = `mutation ($id: ID!) { cancelOrder(id: $id) { id } }`;

// ------------------------------------------------------------------ inbox
export const UNREAD = `{ getUnreadCount }`;
export const INBOX = `query ($after: String) {
  getUserNotifications(first: 20, after: $after) {
    nodes { id kind title body subjectId createdAt readAt }
    pageInfo { hasNextPage endCursor }
  }
}`;
export const MARK_READ = `mutation ($id: ID!) { markNotificationRead(id: $id) { id } }`;
export const MARK_ALL_READ = `mutation { markAllNotificationsRead { __typename } }`;
export const ARCHIVE = `mutation ($id: ID!) { archiveNotification(id: $id) { id } }`;
export const REMOVE = `mutation ($id: ID!) { deleteNotification(id: $id) { __typename } }`;
