package auth

// TokenError is the error of a token that could not be fetched.
type TokenError = tokenError

// DescribeTLSError is what the package says of the TLS errors of endpoints.
var DescribeTLSError = describeTLSError
