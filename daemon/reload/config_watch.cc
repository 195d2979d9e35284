#include "daemon/reload/config_watch.h"

#include <filesystem>
#include <system_error>

#include "config/substitution.h"

namespace redactd {
namespace {

constexpr Milliseconds kSettle{500};

void add(std::vector<std::string>& files, const std::string& path) {
  if (!path.empty()) files.push_back(path);
}

void add(std::vector<std::string>& files, const std::vector<std::string>& paths) {
  files.insert(files.end(), paths.begin(), paths.end());
}

void add(std::vector<std::string>& files, const TlsConfig& tls) {
  for (const std::string* path : {&tls.certificate, &tls.key, &tls.ca, &tls.crl}) add(files, *path);
}

}  // namespace

std::vector<std::string> files_of(const std::string& path, const DaemonConfig& config) {
  std::vector<std::string> files{path};
  add(files, config.settings.rule_paths);
  add(files, config.settings.gitleaks_files);
  add(files, config.settings.known_files);
  add(files, config.settings.mask_key_file);
  for (const SourceConfig& source : config.sources) add(files, source.tls);
  for (const SinkConfig& sink : config.sinks) add(files, sink.tls);
  add(files, config.admin.tls);
  const std::string folder = std::filesystem::path(path).parent_path().string();
  for (const auto& [name, place] : config.settings.places)
    add(files, substituted_files(place.written, folder));
  return files;
}

ConfigWatch::ConfigWatch(boost::asio::io_context& context, std::function<void()> changed)
    : context_(context), settle_(context), changed_(std::move(changed)) {}

std::string ConfigWatch::watch(std::vector<std::string> files) {
  files_ = std::move(files);
  if (files_.empty()) {
    watch_.reset();
    settle_.cancel();
    return {};
  }
  try {
    if (!watch_) watch_ = std::make_unique<PathWatch>(context_, [this] { file_changed(); });
  } catch (const std::system_error& error) {
    return error.what();
  }
  if (watch_->watch(files_)) return {};
  return "see fs.inotify.max_user_watches";
}

void ConfigWatch::file_changed() {
  settle_.expires_after(kSettle);  // from the last change on
  settle_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    watch_->watch(files_);  // first, so that a change while they are read is not missed
    changed_();
  });
}

}  // namespace redactd
