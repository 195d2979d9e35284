#pragma once

// What programs print where the value of a key would stand: plain data. ordinary_value.cc,
// reported_value.cc and code_around.cc say where each counts.

#include <string_view>

namespace redactd {

/// Behind a thing that is named after a secret, of which the value may have the beginning only.
/// All begin like these: any byte, a small letter, a small letter or a blank.
inline constexpr std::string_view kProgramPhrases[] = {
    // Terraform and OpenTofu: how far they are with a resource
    "Refreshing state...", "Still creating...", "Still modifying...", "Still destroying...",
    "Still reading...", "Creation complete after ", "Modifications complete after ",
    "Destruction complete after ", "Read complete after ", "Creating...",
    "Modifying... [id=", "Destroying... [id=", "Reading...", "Drift detected (",
    "Preparing import...", "Plan to create", "Provisioning with '", "Executing: [",
    // CloudFormation: why a resource is as it is
    "Resource creation Initiated",
    // PAM's modules, behind the service that they were asked by
    "pam_unix(", "pam_sss(", "pam_pwquality(", "pam_cracklib(",
    // Pulumi: the type of an output
    "output<string>",
    // Suricata's rules, what they have seen
    "in cleartext",
    // Django's check of passwords
    "entirely numeric",
    // programs that describe a secret: how it is written
    "base64 encoded",
    // the C library's errors, and Go's, behind the name of a file
    "Operation not permitted", "operation not permitted", "Input/output error",
    "input/output error", "Not a directory", "not a directory", "Is a directory",
    "Device or resource busy", "device or resource busy", "Read-only file system",
    "read-only file system", "Text file busy", "text file busy", "Stale file handle",
    "stale file handle", "Directory not empty", "directory not empty",
    // rclone
    "input too short when revealing password"};

/// PAM: what it is asked for, behind the service, `pam_unix(gdm-password:session)`.
inline constexpr std::string_view kPamFunctions[] = {"auth", "account", "session", "setcred",
                                                     "chauthtok"};

/// Programs that check passwords: what they say that one is, `is locked`.
inline constexpr std::string_view kSaidOfPasswords[] = {
    "correct", "entirely",  "weak",     "strong",      "stale",     "protected", "encrypted",
    "hashed",  "active",    "inactive", "compromised", "locked",    "identical", "mandatory",
    "shown",   "outdated",  "leaked",   "requested",   "supplied",  "lost",      "defined",
    "chosen",  "shorter",   "longer",   "kept",        "forgotten", "known",     "safe",
    "wrapped", "submitted", "copied",   "expiring"};

/// How such a sentence goes on, where a password of several words does not.
inline constexpr std::string_view kSentenceGoesOn[] = {
    " and ",   " but ",   " for ",  " in ",   " to ", " with ", " by ",   " once", " at ",
    " since ", " until ", " than ", " soon ", " on ", " from ", " only ", " as "};

/// Python, JSON and type hints: what an argument that has a name is set to.
inline constexpr std::string_view kSwitchValues[] = {"True",  "False", "None", "true",
                                                     "false", "str",   "int",  "bool"};

/// Shells: commands that print a secret, between backticks.
inline constexpr std::string_view kSecretCommands[] = {
    "kubectl ",   "openssl rand ", "pwgen ",     "gcloud ",    "terraform ", "cat /",
    "cat ~",      "cat .",         "head -",     "aws ssm ",   "aws ecr ",   "aws secretsmanager ",
    "vault read", "vault kv ",     "op read ",   "op item ",   "jq ",        "sops -",
    "uuidgen",    "gh auth token", "az account", "az keyvault"};

/// Ansible: when `update_password` does, not what it sets.
inline constexpr std::string_view kWhenToUpdate[] = {"always", "on_create"};

/// Runners of tests: what they count besides `pass`.
inline constexpr std::string_view kResultsOfTests[] = {"fail",    "failed", "failures", "skip",
                                                       "skipped", "xfail",  "errors"};

/// Services: what they say before `password for user: bob` where the password is not told.
inline constexpr std::string_view kSaidBeforePassword[] = {
    "invalid", "wrong", "bad", "incorrect", "failed", "resetting", "reset", "expired"};
inline constexpr std::string_view kWhosePassword[] = {
    " for user", " for account", " for login", " for principal", " for email", " for username"};

/// Documentation: how a sentence goes on behind an option without a value, `--password to …`.
inline constexpr std::string_view kBehindOptions[] = {
    "to",    "for",   "if",       "with", "was",    "is",      "can",     "and",
    "or",    "in",    "of",       "as",   "the",    "on",      "from",    "that",
    "when",  "given", "used",     "flag", "flags",  "option",  "options", "like",
    "maybe", "value", "argument", "must", "should", "requires"};

/// nsswitch.conf: where names are looked up.
inline constexpr std::string_view kSourcesOfNames[] = {
    "files", "compat", "db", "nis", "nisplus", "sss", "ldap", "winbind", "systemd"};

}  // namespace redactd
