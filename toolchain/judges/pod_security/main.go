// Judges pods by the restricted Pod Security Standard, as the admission of an API server does.
//
// It reads a JSON list of Pods from standard input and writes, for each, the list of what forbids it.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func main() {
	if err := judge(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judge() error {
	var pods []corev1.Pod
	if err := json.NewDecoder(os.Stdin).Decode(&pods); err != nil {
		return fmt.Errorf("standard input is no list of pods: %w", err)
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return err
	}
	level := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	verdicts := make([][]string, len(pods))
	for index := range pods {
		verdicts[index] = forbidden(evaluator.EvaluatePod(level, &pods[index].ObjectMeta, &pods[index].Spec))
	}
	return json.NewEncoder(os.Stdout).Encode(verdicts)
}

func forbidden(results []policy.CheckResult) []string {
	found := []string{}
	for _, result := range results {
		if !result.Allowed {
			found = append(found, result.ForbiddenReason+": "+result.ForbiddenDetail)
		}
	}
	return found
}
