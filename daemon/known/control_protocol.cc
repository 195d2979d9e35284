#include "daemon/known/control_protocol.h"

#include <nlohmann/json.hpp>

namespace redactd {
namespace {

using nlohmann::json;

std::string line_of(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

/// Empty, or what is wrong.
std::string check(const ControlRequest& request) {
  bool add = request.command == ControlRequest::Command::add;
  if (add && request.size == 0) return "the value is empty";
  if (add && request.size > kLargestSentValue) return "the value is larger than 1 MiB";
  if (add && request.name.empty()) return "a value needs a name";
  if (request.ttl && (request.ttl->count() <= 0 || *request.ttl > kLongestTtl))
    return "the time to live must be more than nothing and at most ten years";
  if (request.command == ControlRequest::Command::remove &&
      request.name.empty() == request.fingerprint.empty())
    return "remove needs a name or a fingerprint";
  return {};
}

/// A real number may be outside of every whole one.
int64_t whole_number(const json& value) {
  if (!value.is_number_integer()) throw std::invalid_argument("no whole number");
  return value.get<int64_t>();
}

ControlRequest request_of(const json& object) {
  ControlRequest request;
  std::string command = object.at("command").get<std::string>();
  if (command == "add") {
    request.command = ControlRequest::Command::add;
    request.size = static_cast<size_t>(whole_number(object.at("size")));
  } else if (command == "remove") {
    request.command = ControlRequest::Command::remove;
  } else if (command != "list") {
    throw std::invalid_argument("no such command");
  }
  request.name = object.value("name", "");
  request.fingerprint = object.value("fingerprint", "");
  if (object.contains("ttl_ms")) request.ttl = Milliseconds(whole_number(object["ttl_ms"]));
  return request;
}

}  // namespace

std::string to_line(const ControlRequest& request) {
  json object;
  switch (request.command) {
    case ControlRequest::Command::add:
      object = {{"command", "add"}, {"size", request.size}};
      break;
    case ControlRequest::Command::remove:
      object = {{"command", "remove"}};
      break;
    case ControlRequest::Command::list:
      object = {{"command", "list"}};
      break;
  }
  if (!request.name.empty()) object["name"] = request.name;
  if (!request.fingerprint.empty()) object["fingerprint"] = request.fingerprint;
  if (request.ttl) object["ttl_ms"] = request.ttl->count();
  return line_of(object);
}

std::string to_line(const ControlAnswer& answer) {
  if (!answer.error.empty()) return line_of({{"error", answer.error}});
  json values = json::array();
  for (const ListedValue& value : answer.values) {
    json listed = {
        {"name", value.name}, {"fingerprint", value.fingerprint}, {"source", value.source}};
    if (value.left) listed["ttl_ms"] = value.left->count();
    values.push_back(std::move(listed));
  }
  return line_of({{"removed", answer.removed}, {"values", std::move(values)}});
}

std::optional<ControlRequest> parse_request(std::string_view line, std::string& error) {
  try {
    ControlRequest request = request_of(json::parse(line));
    error = check(request);
    if (error.empty()) return request;
  } catch (const std::exception&) {
    // Its text would show a part of the line.
    error = "this is no request of redactd known";
  }
  return std::nullopt;
}

std::optional<ControlAnswer> parse_answer(std::string_view line) {
  try {
    json object = json::parse(line);
    ControlAnswer answer;
    answer.error = object.value("error", "");
    if (object.contains("removed"))
      answer.removed = static_cast<size_t>(whole_number(object["removed"]));
    for (const json& listed : object.value("values", json::array())) {
      ListedValue value{listed.at("name"), listed.at("fingerprint"), listed.at("source"), {}};
      if (listed.contains("ttl_ms")) value.left = Milliseconds(whole_number(listed["ttl_ms"]));
      answer.values.push_back(std::move(value));
    }
    return answer;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace redactd
