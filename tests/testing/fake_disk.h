#pragma once

// A disk in memory that can lose its power, its space and its mind.

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "daemon/spool/spool_directory.h"

namespace redactd::test {

class FakeDisk {
 public:
  struct File {
    std::string bytes;                       // as programs see them
    std::string durable;                     // what a power cut leaves for sure
    bool named = false;                      // the name is durable
    size_t spoilt_from = std::string::npos;  // a sync failed: from here on it will never be durable
  };
  std::map<std::string, std::shared_ptr<File>> files;
  std::map<std::string, std::shared_ptr<File>> removed;  // since the last sync of the directory
  size_t space = std::string::npos;
  /// The operation that fails: 0 is the next one.
  size_t fail_in = std::string::npos;
  int error = EIO;
  bool stays_broken = false;
  size_t operations = 0;
  std::string unreadable;  // the name of a file with a bad sector at its end

  size_t used() const {
    size_t bytes = 0;
    for (const auto& [name, file] : files) bytes += file->bytes.size();
    return bytes;
  }

  /// Of what was not synced any part may be there; the rest of it is zeros or missing.
  void cut_power(std::mt19937& random) {
    for (auto& [name, file] : removed)
      if (random() % 2 == 0) files.emplace(name, file);
    removed.clear();
    std::erase_if(files,
                  [&](const auto& entry) { return !entry.second->named && random() % 2 == 0; });
    for (auto& [name, file] : files) {
      size_t whole = file->durable.size();
      std::string left = file->durable;
      if (file->bytes.size() > whole) {
        size_t more = random() % (file->bytes.size() - whole + 1);
        left += file->bytes.substr(whole, more);
        if (random() % 2 == 0) left.append(file->bytes.size() - left.size(), '\0');
      }
      auto fresh = std::make_shared<File>();
      fresh->bytes = fresh->durable = left;
      fresh->named = true;
      file = fresh;
    }
    fail_in = std::string::npos;
  }

  /// Throws when it is time to.
  bool fails() {
    ++operations;
    if (fail_in == std::string::npos) return false;
    if (fail_in > 0) {
      --fail_in;
      return false;
    }
    if (!stays_broken) fail_in = std::string::npos;
    return true;
  }
  [[noreturn]] void fail(int number) const {
    throw std::system_error(number, std::generic_category(), "fake disk");
  }
};

class FakeFile final : public SpoolFile {
 public:
  FakeFile(FakeDisk& disk, std::shared_ptr<FakeDisk::File> file)
      : disk_(disk), file_(std::move(file)) {}

  uint64_t size() override { return file_->bytes.size(); }
  size_t read(uint64_t offset, std::span<char> to) override {
    if (disk_.fails()) disk_.fail(disk_.error);
    auto unreadable = disk_.files.find(disk_.unreadable);
    const bool bad = unreadable != disk_.files.end() && unreadable->second == file_;
    if (bad && offset + to.size() >= file_->bytes.size()) disk_.fail(EIO);
    if (offset >= file_->bytes.size()) return 0;
    return file_->bytes.copy(to.data(), to.size(), offset);
  }
  void write(uint64_t offset, std::span<const std::string_view> parts) override {
    bool fails = disk_.fails();
    std::string all;
    for (std::string_view part : parts) all += part;
    int error = disk_.error;
    if (size_t left = disk_.space - std::min(disk_.space, disk_.used()); all.size() > left) {
      all.resize(left);
      fails = true;
      error = ENOSPC;
    } else if (fails) {
      all.resize(all.size() / 2);
    }
    if (file_->bytes.size() < offset + all.size()) file_->bytes.resize(offset + all.size());
    file_->bytes.replace(offset, all.size(), all);
    // Not synced any more from there on.
    if (file_->durable.size() > offset && offset >= 1024) file_->durable.resize(offset);
    if (fails) disk_.fail(error);
  }
  void truncate(uint64_t size) override {
    if (disk_.fails()) disk_.fail(disk_.error);
    file_->bytes.resize(size);
    if (file_->durable.size() > size) file_->durable.resize(size);
  }
  void sync() override {
    if (disk_.fails()) {
      file_->spoilt_from = std::min(file_->spoilt_from, file_->durable.size());
      disk_.fail(disk_.error);
    }
    file_->durable = file_->bytes;
    for (size_t i = file_->spoilt_from; i < file_->durable.size(); ++i) file_->durable[i] = '\0';
  }

 private:
  FakeDisk& disk_;
  std::shared_ptr<FakeDisk::File> file_;
};

class FakeDirectory final : public SpoolDirectory {
 public:
  explicit FakeDirectory(FakeDisk& disk) : disk_(disk) {}

  std::vector<std::string> names() override {
    std::vector<std::string> names;
    for (const auto& [name, file] : disk_.files) names.push_back(name);
    return names;
  }
  bool is_file(const std::string&) override { return true; }
  std::unique_ptr<SpoolFile> create(const std::string& name) override {
    if (disk_.fails()) disk_.fail(disk_.error);
    if (disk_.files.contains(name)) disk_.fail(EEXIST);
    auto file = std::make_shared<FakeDisk::File>();
    disk_.files[name] = file;
    return std::make_unique<FakeFile>(disk_, file);
  }
  std::unique_ptr<SpoolFile> open(const std::string& name) override {
    auto found = disk_.files.find(name);
    if (found == disk_.files.end()) disk_.fail(ENOENT);
    return std::make_unique<FakeFile>(disk_, found->second);
  }
  void remove(const std::string& name) override {
    if (disk_.fails()) disk_.fail(disk_.error);
    auto found = disk_.files.find(name);
    if (found == disk_.files.end()) return;
    if (found->second->named) disk_.removed[name] = found->second;
    disk_.files.erase(found);
  }
  void sync() override {
    if (disk_.fails()) disk_.fail(disk_.error);
    for (auto& [name, file] : disk_.files) file->named = true;
    disk_.removed.clear();
  }

 private:
  FakeDisk& disk_;
};

}  // namespace redactd::test
