#include "filters/spans/word_list.h"

namespace redactd {
namespace {

// What sentences, schemas and configuration listings have where a secret would stand.
constexpr std::string_view kSentenceWords[] = {
    "a", "about", "accepted", "access", "added", "all", "already", "also", "always", "an", "and",
    "any", "api", "are", "as", "at", "auth", "authentication", "auto", "available", "bad", "be",
    "because", "being", "blank", "bool", "boolean", "by", "can", "can't", "cannot", "change",
    "changed", "check", "compat", "configured", "confirm", "contains", "could", "created",
    "default", "deleted", "denied", "deprecated", "did", "disabled", "does", "doesn't", "empty",
    "enabled", "enter", "error", "exists", "expected", "expired", "expires", "failed", "failure",
    "field", "file", "files", "for", "found", "from", "generated", "given", "got", "has", "have",
    "hidden", "if", "in", "incorrect", "int", "integer", "invalid", "is", "issued", "it", "key",
    "ldap", "length", "loaded", "located", "login", "malformed", "masked", "match", "mismatch",
    "missing", "must", "needed", "never", "new", "not", "object", "of", "ok", "omitted", "only",
    "optional", "or", "passwd", "password", "permission", "please", "policy", "prompt", "provided",
    "received", "redacted", "refresh", "refreshed", "rejected", "renewed", "repeat", "required",
    "reset", "retype", "revoked", "rotated", "rotation", "saved", "secret", "secrets", "see",
    "sent", "set", "should", "skipped", "sss", "still", "stored", "str", "string", "success",
    "successful", "systemd", "text", "that", "the", "this", "to", "token", "tokens", "too",
    "unable", "unauthorized", "unchanged", "unknown", "unspecified", "update", "updated", "used",
    "user", "using", "valid", "value", "verified", "was", "were", "when", "will", "with", "wrong",
    "your",
    // what is said of a field in other languages
    "darf", "erforderlich", "falsch", "fehlt", "muss", "ungültig", "obligatoire", "incorrecte",
    "manquant", "requis", "obligatoria", "obligatorio", "incorrecta", "requerida", "obrigatória",
    "obrigatório", "incorreta", "mínimo", "verplicht", "ontbreekt", "wymagane", "krävs",
    "pakollinen", "povinné", "kötelező", "zorunlu", "обязательное", "обязателен", "неверный",
    "обов'язкове", "υποχρεωτικός", "wajib", "bắt"};

constexpr WordList kInSentences(kSentenceWords);

}  // namespace

bool is_sentence_word(std::string_view value) { return kInSentences.has(value); }

}  // namespace redactd
