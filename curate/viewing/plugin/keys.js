// Keys for reviewers: Alt and a letter asks for an operator, as the operator browser does; and
// the page loaded anew where a picture is to be seen clearly.
(() => {
  // What FiftyOne offers for sale would lie over the first picture.
  window.localStorage.setItem("fiftyone-enterprise-tooltip-seen", "true");
  const names = fetch("/plugins/curate/keys.json").then((found) => found.json());
  const { Operator, OperatorConfig, executeOperator, registerOperator } = window.__foo__;
  class ShowAgain extends Operator {
    get config() {
      return new OperatorConfig({ name: "show_again", label: "Show again", unlisted: true });
    }
    async execute() {
      window.location.reload();
    }
  }
  registerOperator(ShowAgain, "@curate/review");
  names.then((keys) => {
    const wanted = new Map(Object.entries(keys).map(([name, key]) => [`Key${key}`, name]));
    document.addEventListener("keydown", (event) => {
      const name = wanted.get(event.code);
      if (!name || !event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      executeOperator("@voxel51/operators/prompt_user_for_operation", {
        operator_uri: `@curate/review/${name}`,
        skip_prompt: name === "next",
      });
    }, true);
  });
})();
